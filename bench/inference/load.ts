/**
 * The load generator, a process of its own: clients that send embeddings requests over kept-alive connections, one after the
 * other each, and do not look at the answers beyond their status. All bodies are made before the first is sent.
 *
 *   echo '{"url":"…","path":"/v1/embeddings","model":"…","clients":64,"batch":1,"warmUp":2,"seconds":8,"seed":1}' | node load.ts
 */
import { text } from 'node:stream/consumers';
import { Pool } from 'undici';
import { texts } from './texts.ts';

export interface Load {
  readonly url: string;
  readonly path: string;
  readonly model: string;
  readonly clients: number;
  /** Texts of a request. */
  readonly batch: number;
  /** Seconds before it counts. */
  readonly warmUp: number;
  /** Seconds that count. */
  readonly seconds: number;
  readonly seed: number;
}

export interface LoadResult {
  readonly textsPerSecond: number;
  /** Requests that count. */
  readonly requests: number;
  /** Requests in all, with those of the warm-up and those that were still open at the end. */
  readonly answered: number;
  readonly failures: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Processor time of this process as a share of one core: near 1 it would be the bottleneck itself. */
  readonly cores: number;
}

/** More texts than that are not needed at any speed; then they begin again. */
const MOST_TEXTS = 60_000;

async function run({ url, path, model, clients, batch, warmUp, seconds, seed }: Load): Promise<LoadResult> {
  const all = texts(MOST_TEXTS, seed);
  const bodies = Array.from({ length: Math.floor(all.length / batch) }, (_, index) =>
    JSON.stringify({ model, input: all.slice(index * batch, (index + 1) * batch), encoding_format: 'float' }),
  );
  const pool = new Pool(url, { connections: clients, pipelining: 1, headersTimeout: 120_000, bodyTimeout: 120_000 });
  const headers = { 'content-type': 'application/json' };
  const latencies: number[] = [];
  let next = 0;
  let failures = 0;
  let answered = 0;
  let counting = false;
  let done = false;
  const client = async (): Promise<void> => {
    while (!done) {
      const body = bodies[next++ % bodies.length] ?? '';
      const since = performance.now();
      const answer = await pool.request({ path, method: 'POST', headers, body });
      await answer.body.dump({ limit: 1 << 30 });
      answered += 1;
      if (answer.statusCode !== 200) failures += 1;
      else if (counting) latencies.push(performance.now() - since);
    }
  };
  const running = Array.from({ length: clients }, client);
  const wait = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time * 1000));
  await wait(warmUp);
  counting = true;
  const started = performance.now();
  const before = process.cpuUsage();
  await wait(seconds);
  const elapsed = (performance.now() - started) / 1000;
  const used = process.cpuUsage(before);
  const requests = latencies.length;
  counting = false;
  done = true;
  await Promise.all(running);
  await pool.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)] ?? Number.NaN;
  return {
    textsPerSecond: (requests * batch) / elapsed,
    requests,
    answered,
    failures,
    p50: at(0.5),
    p99: at(0.99),
    cores: (used.user + used.system) / 1e6 / elapsed,
  };
}

if (import.meta.main) {
  // Written by run.ts alone.
  const load = JSON.parse(await text(process.stdin)) as Load;
  process.stdout.write(JSON.stringify(await run(load)));
}
