import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { end, eventually, freePort } from '../../../support/processes.ts';
import { RECORDINGS, TEXT } from '../../../support/upstream/recordings.ts';
import { FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { ask, hear } from '../support/ask.ts';

const upstream = new FaultyUpstream();
const dir = mkdtempSync(join(tmpdir(), 'keelson-drain-'));
const source = join(import.meta.dirname, '../../../../services/orchestrator');
let child: ChildProcess;
let url = '';
let log = '';

beforeAll(async () => {
  await upstream.start();
  execFileSync(process.execPath, [join(source, 'build.mjs'), `--out=${dir}/dist`]);
  mkdirSync(`${dir}/tokens`);
  writeFileSync(`${dir}/tokens/alice`, 'token-of-alice');
  writeFileSync(
    `${dir}/providers.json`,
    JSON.stringify([
      { name: 'local', kind: 'openai-compatible', baseUrl: `${upstream.url}/v1`, tier: 0, models: ['small'] },
    ]),
  );
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  child = spawn(process.execPath, [`${dir}/dist/main.js`], {
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      FEATURES: 'gateway',
      API_TOKENS_DIR: `${dir}/tokens`,
      PROVIDERS_FILE: `${dir}/providers.json`,
      SHUTDOWN_DELAY_SECONDS: '1',
    },
  });
  child.stdout?.on('data', (text) => {
    log += String(text);
  });
  await eventually(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200), 30_000);
});
afterAll(async () => {
  await end(child, 'SIGKILL');
  await upstream.stop();
  rmSync(dir, { recursive: true, force: true });
});

it('on SIGTERM it is not ready first, takes no new connections then, finishes what it streams, and ends with 0', async () => {
  upstream.fault = { kind: 'gate', at: Buffer.byteLength(RECORDINGS.openai.text.stream) - 400 };
  const answer = await ask({ url }, { stream: true });
  const reader = answer.body?.getReader();
  let text = Buffer.from((await reader?.read())?.value ?? '').toString();
  const code = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await eventually(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(503));
  // It still serves whoever has not heard of it yet.
  upstream.next.push({ kind: 'none' });
  expect((await ask({ url })).status).toBe(200);
  await eventually(() => expect(fetch(`${url}/health/live`)).rejects.toThrow());
  upstream.release();
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read())
    text += Buffer.from(next.value).toString();
  expect(hear(text)).toEqual({ text: TEXT.join(''), complete: true, error: undefined });
  expect(await code).toBe(0);
  expect(log).toContain('"event":"drained"');
});
