/**
 * Asks an address again and again, as a kubelet does but far more often, and gives the times of the answers in milliseconds.
 *
 *   echo '{"url":"…","path":"/health/live","after":2,"seconds":8}' | node probe.ts
 */
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'undici';

export interface Probe {
  readonly url: string;
  readonly path: string;
  /** Seconds to wait before the first. */
  readonly after: number;
  readonly seconds: number;
}

export interface ProbeResult {
  readonly answers: number;
  readonly failures: number;
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

async function run({ url, path, after, seconds }: Probe): Promise<ProbeResult> {
  const client = new Client(url);
  const times: number[] = [];
  let failures = 0;
  await delay(after * 1000);
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const since = performance.now();
    const answer = await client.request({ path, method: 'GET' });
    await answer.body.dump();
    times.push(performance.now() - since);
    if (answer.statusCode !== 200) failures += 1;
    await delay(5);
  }
  await client.close();
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? Number.NaN;
  return { answers: times.length, failures, p50: at(0.5), p99: at(0.99), worst: at(1) };
}

if (import.meta.main) {
  // Written by run.ts alone.
  const probe = JSON.parse(await text(process.stdin)) as Probe;
  process.stdout.write(JSON.stringify(await run(probe)));
}
