import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { Paths } from '../../local/paths.ts';
import type { Progress } from '../../local/progress.ts';
import { machine } from '../machine.ts';
import type { Bare, BareResult } from './bare.ts';
import type { Load, LoadResult } from './load.ts';
import type { Models } from './models.ts';
import { startOurs } from './ours.ts';
import { startFastApi } from './peer/fastapi.ts';
import { startInfinity } from './peer/infinity.ts';
import type { Probe, ProbeResult } from './probe.ts';
import { type Figure, kept, type Report } from './report.ts';
import type { RunningServer } from './server.ts';

export type PeerName = 'infinity' | 'fastapi';

export interface SpeedOptions {
  readonly models: Models;
  readonly peer: PeerName;
  /** Times that each is measured; the median counts. */
  readonly rounds: number;
  /** Seconds of one measurement. */
  readonly seconds: number;
  readonly progress: Progress;
  readonly paths: Paths;
}

const SCENARIOS = [
  { name: 'batch 1 x 64 clients', clients: 64, batch: 1 },
  { name: 'batch 32 x 8 clients', clients: 8, batch: 32 },
] as const;

/** Default of MAX_BATCH_TOKENS. */
const MAX_BATCH_TOKENS = 1024;

/** Runs a program of this folder in a process of its own, with what it should do as JSON. */
export async function ask<Answer>(program: string, input: object): Promise<Answer> {
  const file = path.join(import.meta.dirname, program);
  const { stdout } = await execa(process.execPath, [file], { input: JSON.stringify(input), env: { NODE_OPTIONS: '' } });
  // Each program's last statement writes this.
  return JSON.parse(stdout) as Answer;
}

interface Subject {
  readonly name: 'fp32' | 'int8' | 'peer';
  readonly pid: number;
  readonly url: string;
  readonly path: string;
  readonly model: string;
}

/** Texts per second of ours, of the peer, and of ONNX Runtime alone; and the probe while the server is saturated. */
export async function speed(options: SpeedOptions): Promise<Omit<Report, 'machine'>> {
  const { models, rounds, seconds, progress, paths } = options;
  const servers: RunningServer[] = [];
  try {
    const ours = await startOurs(models.root);
    servers.push(ours);
    const { server: peer, name: peerName, notes } = await startPeer(options);
    servers.push(peer);
    const peerPath = peerName === 'infinity' ? '/embeddings' : '/v1/embeddings';
    const subjects: Subject[] = [
      { name: 'fp32', pid: ours.pid, url: ours.url, path: '/v1/embeddings', model: 'minilm' },
      { name: 'int8', pid: ours.pid, url: ours.url, path: '/v1/embeddings', model: 'minilm-int8' },
      { name: 'peer', pid: peer.pid, url: peer.url, path: peerPath, model: 'minilm' },
    ];
    await checkSame(subjects);
    const vnni = machine(paths.repository).instructions.some((name) => /vnni|amx_int8|i8mm/.test(name));
    const figures: Figure[] = [];
    let generator = 0;
    for (const { name, clients, batch } of SCENARIOS) {
      const measured: Record<Subject['name'] | 'bare', number[]> = { fp32: [], int8: [], peer: [], bare: [] };
      const costs: Record<Subject['name'] | 'bare', number[]> = { fp32: [], int8: [], peer: [], bare: [] };
      for (let round = 0; round < rounds; round++) {
        const task = progress.task(`${name}, round ${round + 1} of ${rounds}`, 4 * (seconds + 3));
        for (const { name: subject, pid, ...target } of subjects) {
          const load: Load = { ...target, clients, batch, warmUp: 1.5, seconds, seed: 1 + round };
          const before = processorSeconds(pid);
          const result = await ask<LoadResult>('load.ts', load);
          costs[subject].push((1000 * (processorSeconds(pid) - before)) / (result.answered * batch));
          if (result.failures > 0) throw new Error(`${subject}: ${result.failures} requests failed`);
          measured[subject].push(result.textsPerSecond);
          generator = Math.max(generator, result.cores);
        }
        const bare: Bare = {
          model: models.bare,
          threads: availableParallelism(),
          inFlight: clients * batch,
          maxBatchTokens: MAX_BATCH_TOKENS,
          seconds,
          seed: 1 + round,
        };
        const { textsPerSecond, processorMs } = await ask<BareResult>('bare.ts', bare);
        measured.bare.push(textsPerSecond);
        costs.bare.push(processorMs);
        task.done();
      }
      const [fp32, int8, other, bare] = [measured.fp32, measured.int8, measured.peer, measured.bare].map(median) as [
        number,
        number,
        number,
        number,
      ]; // four lists give four medians
      const rate = (what: string, value: number): Figure => ({ what: `${name}: ${what}`, value, unit: 'texts/s' });
      const ratio = (what: string, value: number, atLeast?: number): Figure => ({
        what: `${name}: ${what}`,
        value,
        unit: 'times',
        ...(atLeast !== undefined && { atLeast }),
      });
      figures.push(
        rate('fp32', fp32),
        rate('int8', int8),
        rate(peerName, other),
        rate('onnxruntime alone', bare),
        ratio(`fp32 to ${peerName}`, fp32 / other, 1.2),
        ratio('int8 to fp32', int8 / fp32, vnni ? 1.5 : undefined),
        ratio('fp32 to onnxruntime alone', fp32 / bare, 0.85),
        // Does not depend on what else the machine does.
        ...(['fp32', 'int8', 'peer', 'bare'] as const).map((each) => ({
          what: `${name}: processor time of ${{ fp32: 'fp32', int8: 'int8', peer: peerName, bare: 'onnxruntime alone' }[each]}`,
          value: median(costs[each]),
          unit: 'ms a text',
        })),
      );
    }
    figures.push(...(await probe(ours.url, seconds * 2, progress)));
    figures.push({ what: 'load generator', value: generator, unit: 'cores', atMost: 0.5 });
    return { figures, held: figures.every(kept), notes: [...notes, `median of ${rounds} rounds of ${seconds} s`] };
  } finally {
    for (const server of servers) await server.stop();
  }
}

/** Processor time that a process and its threads have taken. */
function processorSeconds(pid: number): number {
  // The name in brackets may hold spaces; user and system time are the 14th and 15th field, in hundredths of a second.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function startPeer({ models, peer, progress, paths }: SpeedOptions) {
  const threads = availableParallelism();
  const fastApi = () =>
    startFastApi(`${models.bare}/graph.onnx`, `${models.bare}/tokenizer.json`, threads, { progress, paths });
  if (peer === 'fastapi') return { server: await fastApi(), name: peer, notes: [] };
  try {
    return { server: await startInfinity(models.source, { progress, paths }), name: peer, notes: [] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const notes = [`infinity-emb could not be installed, so FastAPI stands in for it: ${reason.split('\n')[0]}`];
    return { server: await fastApi(), name: 'fastapi' as const, notes };
  }
}

/** All of them have to compute the same thing, or their speeds cannot be compared. */
async function checkSame(subjects: readonly Subject[]): Promise<void> {
  const vectors: number[][] = [];
  for (const { url, path, model } of subjects) {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, input: ['How do I restore a backup of the vector database?'] }),
    });
    // All of them speak OpenAI's protocol.
    const { data } = (await answer.json()) as { data?: { embedding: number[] }[] };
    const [first] = data ?? [];
    if (first === undefined) throw new Error(`${url}${path} answered ${answer.status} for "${model}"`);
    vectors.push(first.embedding);
  }
  const [first = []] = vectors;
  for (const [index, vector] of vectors.entries()) {
    const cosine = first.reduce((sum, value, at) => sum + value * (vector[at] ?? 0), 0);
    if (!(cosine > 0.99)) throw new Error(`${subjects[index]?.name} computes something else: cosine ${cosine}`);
  }
}

/** Answers of the liveness probe while every worker is busy and the queue is long. */
async function probe(url: string, seconds: number, progress: Progress): Promise<Figure[]> {
  const task = progress.task('the liveness probe under load', seconds + 3);
  const load: Load = {
    url,
    path: '/v1/embeddings',
    model: 'minilm',
    clients: 16,
    batch: 32,
    warmUp: 1,
    seconds,
    seed: 9,
  };
  const [, { p50, p99, worst, failures }] = await Promise.all([
    ask<LoadResult>('load.ts', load),
    ask<ProbeResult>('probe.ts', { url, path: '/health/live', seconds } satisfies Probe),
  ]);
  task.done();
  return [
    { what: '/health/live, saturated, p50', value: p50, unit: 'ms' },
    { what: '/health/live, saturated, p99', value: p99, unit: 'ms', atMost: 10 },
    { what: '/health/live, saturated, worst', value: worst, unit: 'ms' },
    { what: '/health/live, saturated, failures', value: failures, unit: '', atMost: 0 },
  ];
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
