import { median } from './compare.ts';
import { type LoadGenerator, residentMebibytes, type Server } from './servers.ts';

export interface SoakResult {
  readonly seconds: number;
  readonly requests: number;
  readonly failures: number;
  /** Memory of the process in MiB: medians of the second and of the last fifth (the first one is warming up), and the most. */
  readonly early: number;
  readonly late: number;
  readonly most: number;
  /** Growth from `early` to `late`, as a share. */
  readonly growth: number;
  readonly holds: boolean;
}

/** What may be noise of the garbage collector. */
const FLAT = 0.1;

/** Loads the orchestrator with answers and streams in turn, and watches its memory. */
export async function soak({
  orchestrator,
  load,
  seconds,
}: {
  readonly orchestrator: Server;
  readonly load: LoadGenerator;
  readonly seconds: number;
}): Promise<SoakResult> {
  const pid = orchestrator.process.pid ?? 0;
  const memory: number[] = [];
  const watch = setInterval(() => memory.push(residentMebibytes(pid)), 1_000);
  let requests = 0;
  let failures = 0;
  const until = performance.now() + seconds * 1000;
  for (let stream = false; performance.now() < until; stream = !stream) {
    const result = await load.run({
      port: orchestrator.port,
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer token-of-bench' },
      body: JSON.stringify({ model: 'mock', stream, messages: [{ role: 'user', content: 'x'.repeat(2_000) }] }),
      connections: 64,
      seconds: Math.min(10, seconds / 10),
    });
    requests += result.requests;
    failures += result.failures;
  }
  clearInterval(watch);
  const fifth = Math.floor(memory.length / 5);
  const early = median(memory.slice(fifth, 2 * fifth));
  const late = median(memory.slice(-fifth));
  const growth = late / early - 1;
  return { seconds, requests, failures, early, late, most: Math.max(...memory), growth, holds: growth < FLAT };
}
