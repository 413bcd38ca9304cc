import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Pool } from 'undici';
import { temporaryFolder } from './support/server.ts';
import { type RunningServer, startProcess } from './support/server-process.ts';
import { writeTinyModel } from './support/tiny-model.ts';

const LONG = 'how do I roll back to a specific backup '.repeat(8);
const body = (texts: number): string =>
  JSON.stringify({ model: 'tiny', input: Array.from({ length: texts }, () => LONG) });
const post = { path: '/v1/embeddings', method: 'POST', headers: { 'content-type': 'application/json' } } as const;

interface Outcome {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The server says that this connection is at its end. */
  readonly closing: boolean;
  readonly answer: { readonly data?: readonly unknown[]; readonly error?: { readonly code: string } };
}

describe('a server that has more to do than it can', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: RunningServer;
  let pool: Pool;
  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeTinyModel(folder.path);
  });
  afterAll(async () => folder?.remove());

  const start = async (env: Readonly<Record<string, string>> = {}): Promise<void> => {
    server = await startProcess({ MODEL_DIR: folder.path, THREADS: '1', LOG_LEVEL: 'warn', ...env });
    pool = new Pool(server.url, { connections: 64 });
  };
  const ask = async (texts: number): Promise<Outcome> => {
    const { statusCode, headers, body: stream } = await pool.request({ ...post, body: body(texts) });
    // OpenAI's form, of which the test reads what it checks.
    const answer = (await stream.json()) as Outcome['answer'];
    const { 'retry-after': retryAfter, connection } = headers;
    return {
      status: statusCode,
      retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
      closing: connection === 'close',
      answer,
    };
  };

  it('answers each request or says when to come back, and says all along that it lives', async () => {
    await start({ MAX_QUEUE: '64' });
    let open = true;
    const flood = Promise.all(Array.from({ length: 150 }, () => ask(32))).finally(() => {
      open = false;
    });
    const prober = new Pool(server.url);
    let probes = 0;
    do {
      const { statusCode, body: stream } = await prober.request({ path: '/health/live', method: 'GET' });
      await stream.dump();
      expect(statusCode).toBe(200);
      probes += 1;
    } while (open);
    const outcomes = await flood;
    const refused = outcomes.filter(({ status }) => status === 429);
    const answered = outcomes.filter(({ status }) => status === 200);
    expect(answered.length + refused.length).toBe(outcomes.length);
    expect(answered.length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);
    expect(probes).toBeGreaterThan(1);
    for (const { answer } of answered) expect(answer.data).toHaveLength(32);
    for (const { retryAfter, answer } of refused) {
      expect(retryAfter).toMatch(/^[1-9]\d*$/);
      expect(answer.error?.code).toBe('queue_full');
    }
    // Room again: the refusals left nothing behind.
    expect((await ask(32)).status).toBe(200);
    await Promise.all([pool.close(), prober.close()]);
    expect(await server.stop()).toBe(0);
  });

  it('loses no request on SIGTERM: clients go on until they are told that their connection ends', async () => {
    await start();
    const failures: string[] = [];
    let answered = 0;
    const client = async (): Promise<void> => {
      for (let closing = false; !closing; ) {
        const outcome = await ask(4).catch((error: unknown) => String(error));
        if (typeof outcome === 'string') {
          failures.push(outcome);
          return;
        }
        expect([outcome.status, outcome.answer.data?.length]).toEqual([200, 4]);
        answered += 1;
        ({ closing } = outcome);
      }
    };
    const clients = Array.from({ length: 48 }, client);
    while (answered < 200) await delay(5);
    const before = answered;
    expect(await server.stop()).toBe(0);
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(before);
    await pool.destroy();
  });
});
