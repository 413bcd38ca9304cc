import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { end, eventually, freePort } from '../../../support/processes.ts';
import { type FeatureApp, featureApp } from '../support/feature-app.ts';

const dir = mkdtempSync(join(tmpdir(), 'keelson-agents-'));
const data = join(dir, 'data');
const modules = join(dir, 'node_modules');
const children: ChildProcess[] = [];
let made: FeatureApp;

/** An MCP server as the platform's image runs it: the published package behind the same bridge. */
async function startServer(command: string, env: Record<string, string> = {}): Promise<string> {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [
      join(modules, 'supergateway/dist/index.js'),
      ...['--stdio', command, '--outputTransport', 'streamableHttp', '--stateful', '--sessionTimeout', '300000'],
      ...['--port', String(port), '--streamableHttpPath', '/mcp', '--healthEndpoint', '/healthz', '--logLevel', 'none'],
    ],
    { env: { PATH: process.env.PATH ?? '', ...env }, stdio: 'ignore' },
  );
  children.push(child);
  await eventually(async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
    if (!answer.ok) throw new Error(`the bridge answered ${answer.status}`);
  }, 30_000);
  return `http://127.0.0.1:${port}/mcp`;
}

beforeAll(async () => {
  mkdirSync(data);
  cpSync(join(import.meta.dirname, '../../../../local/images/mcp'), dir, { recursive: true });
  execFileSync('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: dir,
    // All of it: where packages come from, and whose certificates are trusted, may be said there.
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: 'ignore',
  });
  const [filesystem, memory] = await Promise.all([
    startServer(`node ${modules}/@modelcontextprotocol/server-filesystem/dist/index.js ${data}`),
    startServer(`node ${modules}/@modelcontextprotocol/server-memory/dist/index.js`, {
      MEMORY_FILE_PATH: join(dir, 'memory.jsonl'),
    }),
  ]);
  made = await featureApp({
    features: ['agents'],
    mcp: new Map([
      ['filesystem', filesystem],
      ['memory', memory],
    ]),
  });
}, 400_000);
afterAll(async () => {
  await made?.stop();
  for (const child of children) await end(child, 'SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

describe('the MCP servers of the platform', () => {
  it('are used by an agent: it writes a file, remembers it, and reads both again', async () => {
    const path = join(data, 'plan.md');
    const turns = [
      ['filesystem__write_file', { path, content: '# Plan\n' }],
      [
        'memory__create_entities',
        { entities: [{ name: 'plan', entityType: 'file', observations: ['lies in plan.md'] }] },
      ],
      ['filesystem__read_text_file', { path }],
      ['memory__search_nodes', { query: 'plan' }],
      ['filesystem__read_text_file', { path: '/etc/passwd' }],
    ] as const;
    made.model.reply = (_, at) => {
      const turn = turns[at];
      return turn ? { calls: [{ name: turn[0], args: turn[1] }] } : 'Done.';
    };
    const answer = await made.post('/api/v1/agents/run', { task: 'Keep a plan.' });
    const { status, steps, unavailable_servers } = answer.json();
    expect([status, unavailable_servers]).toEqual(['completed', []]);
    expect(readFileSync(path, 'utf8')).toBe('# Plan\n');
    expect(steps.map((step: { is_error: boolean }) => step.is_error)).toEqual([false, false, false, false, true]);
    expect(steps[2].result).toContain('# Plan');
    expect(steps[3].result).toContain('lies in plan.md');
    // Outside of its folder the server reads nothing.
    expect(steps[4].result).toMatch(/denied|outside/i);
  }, 120_000);

  it('give only tools that change nothing where nothing may be changed', async () => {
    made.model.reply = () => 'Nothing.';
    const { tools } = (await made.post('/api/v1/agents/run', { task: 'Look.', read_only: true })).json();
    expect(tools).toContain('filesystem__read_text_file');
    expect(tools).not.toContain('filesystem__write_file');
    expect(tools).not.toContain('memory__delete_entities');
  }, 60_000);
});
