import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { end, eventually, freePort } from '../../../support/processes.ts';

const source = join(import.meta.dirname, '../../../../services/orchestrator/src/health');

/** A main thread that does what it is told on its standard input. It hangs until there is a certain file. */
const MAIN = `
import { existsSync } from 'node:fs';
import { HealthThread } from '${source}/health-thread.ts';
let notReady = 'starting';
const thread = new HealthThread({
  script: '${source}/thread.ts', port: Number(process.argv[2]), host: '127.0.0.1', stallSeconds: 1, notReady: () => notReady,
});
await thread.start();
process.stdin.on('data', (order) => {
  if (String(order) === 'hang') while (!existsSync(process.argv[3]));
  else if (String(order) === 'end') void thread.stop().then(() => process.exit(0));
  else notReady = undefined;
});
`;

const dir = mkdtempSync(join(tmpdir(), 'keelson-health-'));
const release = join(dir, 'release');
let child: ChildProcess;
let url = '';

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}/health`;
  writeFileSync(join(dir, 'main.mjs'), MAIN);
  child = spawn(process.execPath, [join(dir, 'main.mjs'), String(port), release], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { PATH: process.env.PATH },
  });
  await eventually(() => fetch(`${url}/live`), 20_000);
});
afterAll(async () => {
  await end(child, 'SIGKILL');
  rmSync(dir, { recursive: true });
});

const get = async (path: string) => {
  const answer = await fetch(`${url}${path}`);
  return { status: answer.status, body: await answer.json() };
};

describe('the thread of the probes', () => {
  it('says what the main thread says of itself', async () => {
    expect(await get('/live')).toEqual({ status: 200, body: { status: 'ok' } });
    expect(await get('/ready')).toEqual({ status: 503, body: { status: 'unavailable', reason: 'starting' } });
    child.stdin?.write('ready');
    await eventually(async () => expect(await get('/ready')).toEqual({ status: 200, body: { status: 'ok' } }));
  });

  it('answers while the main thread does not, and tells when that has lasted too long, until it is back', async () => {
    child.stdin?.write('hang');
    const reason = expect.stringMatching(/^the event loop has not turned for \d s$/);
    const stalled = { status: 503, body: { status: 'unavailable', reason } };
    await eventually(async () => expect(await get('/live')).toMatchObject(stalled));
    expect((await get('/ready')).status).toBe(503);
    writeFileSync(release, '');
    await eventually(async () => expect(await get('/live')).toEqual({ status: 200, body: { status: 'ok' } }));
    expect((await get('/ready')).status).toBe(200);
  });

  it('ends when it is told to', async () => {
    const code = new Promise((resolve) => child.once('close', resolve));
    child.stdin?.write('end');
    expect(await code).toBe(0);
  });
});
