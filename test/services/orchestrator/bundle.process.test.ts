import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { end, eventually, freePort } from '../../support/processes.ts';

const source = join(import.meta.dirname, '../../../services/orchestrator');
const dir = mkdtempSync(join(tmpdir(), 'keelson-bundle-'));
// Far from any node_modules: the bundle must not need one.
const dist = join(dir, 'app');
const environment = { PATH: process.env.PATH ?? '', NODE_ENV: 'production' };

const build = (out: string) =>
  execFileSync(process.execPath, [join(source, 'build.mjs'), `--out=${out}`], { env: environment });
const run = (env: Record<string, string>): ChildProcess & { text: () => string } => {
  const child = spawn(process.execPath, [join(dist, 'main.js')], { cwd: dir, env: { ...environment, ...env } });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  return Object.assign(child, { text: () => text });
};
const hash = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}`,
    )
    .join('\n');

beforeAll(() => {
  build(dist);
}, 30_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('the bundle', () => {
  it('is the same when it is built again, and small', () => {
    build(join(dir, 'again'));
    expect(hash(join(dir, 'again'))).toBe(hash(dist));
    expect(Number(execFileSync('du', ['-sm', dist], { encoding: 'utf8' }).split('\t')[0])).toBeLessThan(30);
  }, 30_000);

  it('ends with 78 and every problem when the configuration is wrong', async () => {
    const child = run({ PORT: 'x', FEATURES: 'rag' });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(78);
    for (const name of ['PORT', 'POSTGRES_URL', 'MILVUS_URL', 'INFERENCE_URL'])
      expect(child.text()).toContain(`"path":"${name}"`);
  });

  it('waits for its dependencies instead of ending, says for which, and drains on SIGTERM', async () => {
    const [port, healthPort, nobody] = [await freePort(), await freePort(), await freePort()];
    const tokens = join(dir, 'tokens');
    mkdirSync(tokens);
    writeFileSync(join(tokens, 'alice'), 'token-of-alice');
    const child = run({
      PORT: String(port),
      HEALTH_PORT: String(healthPort),
      API_TOKENS_DIR: tokens,
      POSTGRES_URL: `postgresql://127.0.0.1:${nobody}/x`,
      POSTGRES_USER: 'x',
      POSTGRES_PASSWORD: 'canary-password',
      MILVUS_URL: `http://127.0.0.1:${nobody}`,
      INFERENCE_URL: `http://127.0.0.1:${nobody}`,
      REDIS_URL: `redis://127.0.0.1:${nobody}`,
      SHUTDOWN_DELAY_SECONDS: '1',
    });
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { authorization: 'Bearer token-of-alice' },
      });
      return { status: answer.status, body: await answer.text() };
    };
    await eventually(async () => expect((await get('/health/live')).status).toBe(200));
    await eventually(async () => expect((await get('/health/startup')).body).toContain('waiting for the database'));
    await eventually(async () => expect((await get('/health/detailed')).body.match(/"state":"down"/g)).toHaveLength(4));
    const probe = async (path: string) => (await fetch(`http://127.0.0.1:${healthPort}${path}`)).text();
    expect(await probe('/health/live')).toBe('{"status":"ok"}');
    expect(await probe('/health/ready')).toContain('waiting for the database');
    expect((await get('/docs/swagger-ui-bundle.js')).status).toBe(200);
    expect((await get('/')).body).toContain('/web/js/main.js');
    expect((await get('/web/js/main.js')).status).toBe(200);
    expect((await get('/v1/models')).status).toBe(200);
    child.kill('SIGTERM');
    await eventually(async () => expect((await get('/health/ready')).body).toContain('shutting down'));
    await eventually(async () => expect(await probe('/health/ready')).toContain('shutting down'));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(0);
    expect(child.text()).not.toContain('canary');
    await end(child, 'SIGKILL');
  }, 30_000);

  it('brings the migrations', () => {
    cpSync(join(dist, 'migrations'), join(dir, 'migrations'), { recursive: true });
    expect(readdirSync(join(dir, 'migrations'))).toEqual(readdirSync(join(source, 'migrations')));
  });
});
