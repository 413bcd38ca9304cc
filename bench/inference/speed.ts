import { availableParallelism } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { Paths } from '../../local/paths.ts';
import type { Progress } from '../../local/progress.ts';
import { machine } from '../machine.ts';
import type { Bare } from './bare.ts';
import type { Load } from './load.ts';
import type { Models } from './models.ts';
import { startOurs } from './ours.ts';
import { startFastApi } from './peer/fastapi.ts';
import { startInfinity } from './peer/infinity.ts';
import type { Probe, ProbeResult } from './probe.ts';
import { type Figure, kept, type Report } from './report.ts';
import { freePort, type RunningServer, startServer } from './server.ts';
import { type Batches, type Contestant, type Counted, type Outcome, takeTurns } from './turns.ts';

/** `none` leaves the comparison out. */
export type PeerName = 'infinity' | 'fastapi' | 'none';

export interface SpeedOptions {
  readonly models: Models;
  readonly peer: PeerName;
  /** Seconds of each measurement. */
  readonly seconds: number;
  readonly progress: Progress;
  readonly paths: Paths;
}

const SCENARIOS = [
  { name: '64 clients x 1 text', clients: 64, batch: 1 },
  { name: '8 clients x 32 texts', clients: 8, batch: 32 },
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

type Measured = 'fp32' | 'int8' | 'peer' | 'bare';

interface Subject {
  readonly name: Exclude<Measured, 'bare'>;
  readonly pid: number;
  readonly url: string;
  readonly path: string;
  readonly model: string;
}

/** Texts per second of ours, of the peer, and of ONNX Runtime alone; and the probe while the server is saturated. */
export async function speed(options: SpeedOptions): Promise<Omit<Report, 'machine'>> {
  const { models, seconds, progress, paths } = options;
  const servers: RunningServer[] = [];
  try {
    const subjects: Subject[] = [];
    const task = progress.task('starting the servers', 30);
    for (const [name, model] of [
      ['fp32', 'minilm'],
      ['int8', 'minilm-int8'],
    ] as const) {
      const { url, pid } = keep(servers, await startOurs(models.root, model));
      subjects.push({ name, pid, url, path: '/v1/embeddings', model });
    }
    const { server: peer, name: peerName, notes } = await startPeer(options);
    if (peer !== undefined) {
      const { url, pid } = keep(servers, peer);
      const address = peerName === 'infinity' ? '/embeddings' : '/v1/embeddings';
      subjects.push({ name: 'peer', pid, url, path: address, model: 'minilm' });
    }
    await checkSame(subjects);
    task.done();
    await warmUp(subjects, progress);
    const vnni = machine(paths.repository).instructions.some((name) => /vnni|amx_int8|i8mm/.test(name));
    const names = { fp32: 'fp32', int8: 'int8', peer: peerName, bare: 'ONNX Runtime alone' } as const;
    const figures: Figure[] = [];
    for (const { name, clients, batch } of SCENARIOS) {
      const contestants: Contestant<Measured>[] = subjects.map((subject) => ({
        name: subject.name,
        program: 'load.ts',
        order: { ...loadOf(subject), clients, batch, seed: 1 } satisfies Load,
        server: subject.pid,
        ...(subject.name !== 'peer' && { batches: () => batchesOf(subject) }),
      }));
      const threads = availableParallelism();
      const order: Bare = { model: models.bare, threads, clients, batch, maxBatchTokens: MAX_BATCH_TOKENS, seed: 1 };
      contestants.push({ name: 'bare', program: 'bare.ts', order });
      const turns = progress.task(name, contestants.length * (seconds + 4));
      const outcomes = await takeTurns(contestants, { seconds, onTurn: (who) => turns.update(who) });
      turns.done();
      const failed = [...outcomes].filter(([, { failures }]) => failures > 0).map(([who]) => names[who]);
      if (failed.length > 0) throw new Error(`${name}: requests to ${failed.join(' and ')} failed`);
      const figure = (what: string, value: number, unit: string, atLeast?: number): Figure => ({
        what: `${name}: ${what}`,
        value,
        unit,
        ...(atLeast !== undefined && { atLeast }),
      });
      const all = [...outcomes];
      const value = (who: Measured, of: (outcome: Outcome) => number): number => {
        const outcome = outcomes.get(who);
        return outcome === undefined ? Number.NaN : of(outcome);
      };
      const ratio = (a: Measured, b: Measured, of: (outcome: Outcome) => number): number => value(a, of) / value(b, of);
      figures.push(
        ...all.map(([who, outcome]) => figure(names[who], rate(outcome), 'texts/s')),
        ...(peer === undefined ? [] : [figure(`fp32 to ${peerName}`, ratio('fp32', 'peer', rate), 'times', 1.2)]),
        figure('int8 to fp32', ratio('int8', 'fp32', rate), 'times', vnni ? 1.5 : undefined),
        figure('fp32 to ONNX Runtime alone', ratio('fp32', 'bare', rate), 'times', 0.85),
        // The load generator takes its part of the cores, which the loop has for itself.
        figure('the same by processor time', ratio('bare', 'fp32', cost), 'times'),
        ...all.map(([who, outcome]) => figure(`processor time, ${names[who]}`, cost(outcome), 'ms a text')),
        figure('processor time, load generator', value('fp32', generatorCost), 'ms a text'),
        ...all.flatMap(([who, { batches }]) =>
          batches === undefined
            ? []
            : [
                figure(`batches, ${names[who]}`, batches[1] / batches[0], 'texts'),
                figure(`padded, ${names[who]}`, batches[2] / batches[1], 'tokens a text'),
              ],
        ),
      );
    }
    const [ours] = subjects;
    if (ours !== undefined) figures.push(...(await probe(ours, seconds, progress)));
    return { figures, held: figures.every(kept), notes: [...notes, `${seconds} s of each, in turns of a second`] };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

const rate = ({ texts, seconds }: Outcome): number => texts / seconds;
const cost = ({ texts, processorSeconds }: Outcome): number => (1000 * processorSeconds) / texts;
const generatorCost = ({ texts, generatorSeconds }: Outcome): number => (1000 * generatorSeconds) / texts;

function keep(servers: RunningServer[], server: RunningServer): RunningServer {
  servers.push(server);
  return server;
}

function loadOf({ url, path: address, model }: Subject): Pick<Load, 'url' | 'path' | 'model'> {
  return { url, path: address, model };
}

/**
 * Compilers of servers look at what runs often: a server that has answered for days is at its best, one that was started
 * just now is not. Short texts, so that there are many.
 */
async function warmUp(subjects: readonly Subject[], progress: Progress): Promise<void> {
  const seconds = 8;
  const task = progress.task('warming up', subjects.length * (seconds + 1));
  for (const subject of subjects) {
    task.update(subject.name);
    await ask<Counted>('load.ts', { ...loadOf(subject), clients: 64, batch: 1, seconds, seed: 0, words: 3 });
  }
  task.done();
}

/** What our server has computed so far, as its metrics have it. */
async function batchesOf({ url, model }: Subject): Promise<Batches> {
  const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n');
  const value = (metric: string): number =>
    Number(
      lines
        .find((line) => line.startsWith(`${metric}{model="${model}"`))
        ?.split(' ')
        .at(-1) ?? 0,
    );
  return [value('model_batch_size_count'), value('model_batch_size_sum'), value('model_tokens_total')];
}

async function startPeer({ models, peer, progress, paths }: SpeedOptions) {
  const threads = availableParallelism();
  if (peer === 'none') return { server: undefined, name: peer, notes: [] };
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
async function probe(subject: Subject, seconds: number, progress: Progress): Promise<Figure[]> {
  const task = progress.task('the liveness probe under load', 2 * (seconds + 1));
  const asked = (url: string, address: string): Promise<ProbeResult> =>
    ask('probe.ts', { url, path: address, after: 2, seconds: seconds - 2 } satisfies Probe);
  const port = String(await freePort());
  const empty = await startServer({
    program: process.execPath,
    args: [path.join(import.meta.dirname, 'empty.ts')],
    env: { PORT: port, THREADS: String(availableParallelism()) },
    url: `http://127.0.0.1:${port}`,
    ready: '/',
  });
  const floor = await asked(empty.url, '/').finally(() => empty.stop());
  const [, { p50, p99, worst, failures }] = await Promise.all([
    ask<Counted>('load.ts', { ...loadOf(subject), clients: 16, batch: 32, seconds, seed: 9 }),
    asked(subject.url, '/health/live'),
  ]);
  task.done();
  return [
    { what: '/health/live, saturated, p50', value: p50, unit: 'ms' },
    { what: '/health/live, saturated, p99', value: p99, unit: 'ms', atMost: 10 },
    { what: '/health/live, saturated, worst', value: worst, unit: 'ms' },
    { what: '/health/live, saturated, failures', value: failures, unit: '', atMost: 0 },
    { what: 'an empty server beside busy threads, p99', value: floor.p99, unit: 'ms' },
  ];
}
