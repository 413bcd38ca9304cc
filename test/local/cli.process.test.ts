import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';

const repository = path.resolve(import.meta.dirname, '../..');
const home = mkdtempSync(path.join(tmpdir(), 'keelson-cli-'));
afterAll(() => rmSync(home, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function cli(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const settings = { env: { PATH: process.env.PATH, HOME: home, ...env } };
  return new Promise((resolve) => {
    execFile(
      path.join(repository, 'node_modules/.bin/node'),
      [path.join(repository, 'local/cli.ts'), ...args],
      settings,
      (error, stdout, stderr) => {
        // execFile gives the exit code of the program as the error's code.
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

describe('the command line', () => {
  it('lists all commands', async () => {
    const { code, stdout } = await cli(['--help']);
    expect(code).toBe(0);
    for (const name of ['start', 'stop', 'status', 'env', 'ask', 'ingest', 'preview', 'test']) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
  });

  it.each(['ask', 'ingest', 'env', 'status', 'preview', 'test', 'start', 'stop'])(
    'shows how %s is called',
    async (name) => {
      const { code, stdout } = await cli([name, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain('Examples:');
      expect(stdout).toMatch(/^ +.*npm /m);
    },
  );

  it.each([
    ['an unknown command', ['bogus'], 'keelson: bogus: there is no such command. Use one of start, stop, status,'],
    ['an unknown option', ['ask', '--colour', 'q'], "error: unknown option '--colour'"],
    ['a missing argument', ['ask'], "error: missing required argument 'question'"],
    ['an empty question', ['ask', ' '], 'keelson: <question>: it is empty.'],
    ['too many arguments', ['ask', 'how', 'many'], 'error: too many arguments'],
    ['a missing folder', ['ingest', '/no/such'], 'keelson: /no/such: there is no such folder.'],
  ])('ends with 64 for %s', async (_name, args, message) => {
    const { code, stderr } = await cli(args);
    expect(stderr).toContain(message);
    expect(code).toBe(64);
  });

  it('ends with 69 and one line when the platform does not run', async () => {
    const { code, stderr } = await cli(['ask', 'How?']);
    expect(stderr).toBe(
      'keelson: http://127.0.0.1:8000: the platform is not started on this machine. Start it: npm start\n',
    );
    expect(code).toBe(69);
  });

  it('ends with 78 for a setting that cannot be', async () => {
    const { code, stderr } = await cli(['ask', 'How?'], { KEELSON_CACHE: 'relative' });
    expect(stderr.split('\n')).toHaveLength(2);
    expect(code).toBe(78);
  });
});
