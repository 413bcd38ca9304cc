import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../../local/progress.ts';
import { median, slope } from '../statistics.ts';
import type { Load } from './load.ts';
import type { Models } from './models.ts';
import { startOurs } from './ours.ts';
import { type Figure, kept, type Report } from './report.ts';
import { ask } from './speed.ts';
import type { Counted } from './turns.ts';

export interface SoakOptions {
  readonly models: Models;
  readonly minutes: number;
  readonly progress: Progress;
}

/** Seconds between two looks at the server's memory. */
const INTERVAL = 5;

/**
 * Memory that the process holds, in MiB. Pages of the weights' file, which are mapped when a word is first seen, are not
 * counted: they are the system's cache, and every process shares them.
 */
function memoryOf(pid: number): number {
  const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

/**
 * Loads the server without a break, with single texts and batches, in 32 and in 8 bits, and looks at its memory. The first
 * third of the time is for heaps and arenas to fill; after it, the last quarter is compared with the first.
 */
export async function soak({ models, minutes, progress }: SoakOptions): Promise<Omit<Report, 'machine'>> {
  const server = await startOurs(models.root);
  try {
    const seconds = minutes * 60;
    const load = (model: string, clients: number, batch: number, seed: number): Promise<Counted> => {
      const order: Load = { url: server.url, path: '/v1/embeddings', model, clients, batch, seed };
      return ask<Counted>('load.ts', { ...order, seconds });
    };
    const loads = Promise.all([load('minilm', 16, 1, 1), load('minilm', 2, 32, 2), load('minilm-int8', 4, 8, 3)]);
    const task = progress.task(`soak of ${minutes} minutes`, seconds);
    const samples: number[] = [];
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
      await delay(INTERVAL * 1000);
      samples.push(memoryOf(server.pid));
      task.update(`${Math.round(samples.at(-1) ?? 0)} MiB`);
    }
    const results = await loads;
    task.done();
    const settled = samples.slice(Math.floor(samples.length / 3));
    const quarter = Math.max(1, Math.floor(settled.length / 4));
    const [first, last] = [median(settled.slice(0, quarter)), median(settled.slice(-quarter))];
    const figures: Figure[] = [
      { what: 'requests', value: results.reduce((sum, { requests }) => sum + requests, 0), unit: '' },
      { what: 'failures', value: results.reduce((sum, { failures }) => sum + failures, 0), unit: '', atMost: 0 },
      { what: 'memory after the first third', value: first, unit: 'MiB' },
      { what: 'memory at the end', value: last, unit: 'MiB' },
      { what: 'growth', value: last / first - 1, unit: 'of it', atMost: 0.05 },
      { what: 'slope after the first third', value: slope(settled) * (60 / INTERVAL), unit: 'MiB a minute' },
    ];
    return { figures, held: figures.every(kept), notes: [`looked at every ${INTERVAL} s, medians of quarters`] };
  } finally {
    await server.stop();
  }
}
