import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const source = path.resolve(import.meta.dirname, '../../local/bootstrap.mjs');
const node = path.resolve(import.meta.dirname, '../../node_modules/node/bin/node');
let folder: string;
let repository: string;

/** A checkout whose npm is a script, and whose command line is this program. */
function checkout(npm: string, cli = 'console.log("cli", ...process.argv.slice(2))'): void {
  mkdirSync(path.join(repository, 'local'), { recursive: true });
  cpSync(source, path.join(repository, 'local', 'bootstrap.mjs'));
  writeFileSync(path.join(repository, 'local', 'cli.ts'), cli);
  writeFileSync(path.join(repository, 'package.json'), '{"type":"module"}');
  writeFileSync(
    path.join(repository, 'package-lock.json'),
    '{"packages":{"":{},"node_modules/a":{"version":"1.0.0"}}}',
  );
  mkdirSync(path.join(folder, 'bin'), { recursive: true });
  writeFileSync(path.join(folder, 'bin', 'npm'), `#!/bin/sh\necho "$@" >> ${folder}/npm.log\n${npm}\n`);
  chmodSync(path.join(folder, 'bin', 'npm'), 0o755);
}

const install = () => `sleep 0.3; mkdir -p node_modules/.bin && ln -sf ${node} node_modules/.bin/node`;

function start(args: readonly string[], program = process.execPath): ChildProcess {
  return spawn(program, [path.join(repository, 'local', 'bootstrap.mjs'), ...args], {
    env: { PATH: `${folder}/bin:/usr/bin:/bin`, HOME: folder, KEELSON_CACHE: path.join(folder, 'cache') },
  });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

const run = (...args: string[]) => ended(start(args));
const installs = () =>
  existsSync(`${folder}/npm.log`) ? readFileSync(`${folder}/npm.log`, 'utf8').trim().split('\n').length : 0;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keelson-bootstrap-'));
  repository = path.join(folder, 'checkout');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('bootstrap', () => {
  it('installs the packages, tells of it, and hands over with the pinned Node', async () => {
    checkout(install(), 'const version: string = process.execPath; console.log(version, ...process.argv.slice(2))');
    const { code, stdout, stderr } = await run('ask', 'two words');
    expect(stdout).toMatch(/\/node ask two words\n$/);
    expect(stderr).toMatch(/^ {2}npm packages \.\.\. \(about 40 s\)\n✓ npm packages \(\d s\)\n$/);
    expect(code).toBe(0);
    expect(readFileSync(`${folder}/npm.log`, 'utf8')).toMatch(/^ci /);
  });

  it('installs again only when package-lock.json has changed', async () => {
    checkout(install());
    await run();
    expect(await run('x')).toMatchObject({ stdout: 'cli x\n', stderr: '' });
    expect(installs()).toBe(1);
    writeFileSync(
      path.join(repository, 'package-lock.json'),
      '{"packages":{"":{},"node_modules/a":{"version":"2.0.0"}}}',
    );
    await run();
    expect(installs()).toBe(2);
  });

  it('runs in the same process when that is the pinned Node already', async () => {
    checkout(install(), 'console.log(process.pid)');
    await run();
    const child = start([], node);
    expect((await ended(child)).stdout).toBe(`${child.pid}\n`);
  });

  it('accepts what npm, called by hand, has installed', async () => {
    checkout('exit 1');
    mkdirSync(path.join(repository, 'node_modules', '.bin'), { recursive: true });
    cpSync(process.execPath, path.join(repository, 'node_modules', '.bin', 'node'));
    const hidden = path.join(repository, 'node_modules', '.package-lock.json');
    writeFileSync(hidden, '{"packages":{"node_modules/a":{"version":"v1.0.0"}}}');
    expect((await run()).code).toBe(0);
    expect(installs()).toBe(0);
    rmSync(path.join(repository, 'node_modules', '.keelson-lock'));
    writeFileSync(hidden, '{"packages":{"node_modules/a":{"version":"0.9.0"}}}');
    expect((await run()).code).toBe(69);
    expect(installs()).toBe(1);
  });

  it('installs once when two run at the same time', async () => {
    checkout(install());
    const both = await Promise.all([run('one'), run('two')]);
    expect(both.map(({ stdout }) => stdout).sort()).toEqual(['cli one\n', 'cli two\n']);
    expect(both.some(({ stderr }) => /^Waiting: process \d+ is installing/m.test(stderr))).toBe(true);
    expect(installs()).toBe(1);
  });

  it('goes on after an install that was killed, once the npm that it left has ended', async () => {
    checkout(`sleep 2; echo end >> ${folder}/left.log`);
    const killed = start([]);
    const name = createHash('sha256').update(repository).digest('hex').slice(0, 12);
    const holder = path.join(folder, 'cache', `install-${name}.lock`, 'holder');
    while (!existsSync(holder) || readFileSync(holder, 'utf8').split('\n').length < 3) await delay(20);
    killed.kill('SIGKILL');
    await once(killed, 'close');
    checkout(install());
    expect(await run('again')).toMatchObject({ code: 0, stdout: 'cli again\n' });
    expect(existsSync(`${folder}/left.log`)).toBe(true);
  });

  it("says in one line what npm's problem is, and tries again the next time", async () => {
    checkout(
      'echo "npm error code ENOTFOUND" >&2; echo "npm error network request to the registry failed" >&2; exit 1',
    );
    const { code, stderr } = await run();
    expect(stderr.split('\n').at(-2)).toBe(
      `keelson: npm ci failed in ${repository}: network request to the registry failed. Make the npm registry reachable (npm config get registry) and run the command again`,
    );
    expect(code).toBe(69);
    checkout(install());
    expect((await run()).code).toBe(0);
  });

  it('passes the exit code on', async () => {
    checkout(install(), 'process.exitCode = 78');
    expect((await run()).code).toBe(78);
  });

  it('ends npm when it is told to end, and leaves no lock behind', async () => {
    checkout('exec sleep 60');
    const stopped = start([]);
    stopped.stderr?.once('data', () => setTimeout(() => stopped.kill('SIGTERM'), 200));
    expect((await ended(stopped)).code).toBe(143);
    checkout(install());
    expect((await run()).code).toBe(0);
  });

  it('passes signals on, and ends as the command did', async () => {
    checkout(
      install(),
      'process.on("SIGTERM", () => { console.log("stopping"); process.exit(7); }); console.log("ready"); setInterval(() => {}, 1000);',
    );
    const child = start([]);
    child.stdout?.once('data', () => child.kill('SIGTERM'));
    expect(await ended(child)).toMatchObject({ code: 7, stdout: 'ready\nstopping\n' });
  });

  it('says what is wrong with a checkout without its lock file', async () => {
    checkout(install());
    rmSync(path.join(repository, 'package-lock.json'));
    expect(await run()).toMatchObject({
      code: 78,
      stderr: `keelson: ${repository}/package-lock.json: missing. Check the repository out again\n`,
    });
  });
});
