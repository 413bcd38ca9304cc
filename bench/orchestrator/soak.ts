import type { Progress } from '../../local/progress.ts';
import { median, slope } from '../statistics.ts';
import { LiveHeap } from './live-heap.ts';
import { type LoadGenerator, modelOf, type Orchestrator, residentMebibytes } from './servers.ts';

export interface SoakResult {
  readonly seconds: number;
  readonly requests: number;
  readonly failures: number;
  /** Memory of all its processes in MiB: medians of the second and of the last fifth (the first one is warming up), and the most. */
  readonly early: number;
  readonly late: number;
  readonly most: number;
  /** The first look at it, and the last one. */
  readonly first: number;
  readonly last: number;
  /** Of the straight line through all but the first fifth, in MiB per minute. */
  readonly slope: number;
  /** Growth from `early` to `late`, as a share. */
  readonly growth: number;
  /** What lives in the heaps of the workers, in MiB: after the first fifth, and at the end. */
  readonly live: { readonly early: number; readonly late: number; readonly growth: number };
  /** Both are flat, and no request failed. */
  readonly holds: boolean;
}

/** What may be noise of the garbage collector. */
const FLAT = 0.1;

/** Loads the orchestrator with answers and streams in turn, and watches its memory. */
export async function soak({
  orchestrator,
  load,
  seconds,
  progress,
}: {
  readonly orchestrator: Orchestrator;
  readonly load: LoadGenerator;
  readonly seconds: number;
  readonly progress: Progress;
}): Promise<SoakResult> {
  const pid = orchestrator.process.pid ?? 0;
  const memory: number[] = [];
  const task = progress.task('soak', seconds);
  const watch = setInterval(() => {
    const now = residentMebibytes(pid);
    memory.push(now);
    task.update(`${Math.round(now)} MiB`);
  }, 1_000);
  const heaps = await Promise.all(orchestrator.inspectPorts.map((port) => LiveHeap.open(port)));
  const alive = async (): Promise<number> =>
    (await Promise.all(heaps.map((heap) => heap.measure()))).reduce((sum, each) => sum + each, 0);
  let live: number | undefined;
  let requests = 0;
  let failures = 0;
  const until = performance.now() + seconds * 1000;
  for (let stream = false; performance.now() < until; stream = !stream) {
    const result = await load.run({
      port: orchestrator.port,
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer token-of-bench' },
      body: JSON.stringify({
        model: modelOf(stream),
        stream,
        messages: [{ role: 'user', content: 'x'.repeat(2_000) }],
      }),
      connections: 64,
      seconds: Math.min(10, seconds / 10),
    });
    requests += result.requests;
    failures += result.failures;
    if (live === undefined && performance.now() > until - 800 * seconds) live = await alive();
  }
  const lateLive = await alive();
  for (const heap of heaps) heap.close();
  clearInterval(watch);
  task.done(`${requests} requests`);
  const fifth = Math.floor(memory.length / 5);
  const early = median(memory.slice(fifth, 2 * fifth));
  const late = median(memory.slice(-fifth));
  const growth = late / early - 1;
  const earlyLive = live ?? Number.NaN;
  const liveGrowth = lateLive / earlyLive - 1;
  return {
    seconds,
    requests,
    failures,
    early,
    late,
    most: Math.max(...memory),
    first: memory[0] ?? Number.NaN,
    last: memory.at(-1) ?? Number.NaN,
    slope: slope(memory.slice(fifth)) * 60,
    growth,
    live: { early: earlyLive, late: lateLive, growth: liveGrowth },
    holds: growth < FLAT && liveGrowth < FLAT && failures === 0,
  };
}
