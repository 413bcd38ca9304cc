/**
 * What ONNX Runtime alone reaches: the batches that the server forms of the same texts, made beforehand, in a loop without HTTP,
 * JSON, tokenising, queue or messages, on as many threads. Forked by another program, which tells it what to do; see turns.ts.
 */
import { constants, setPriority } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { RunRequest } from '../../services/inference/src/engine/protocol.ts';
import { loadTokenizer } from '../../services/inference/src/tokenizer/load.ts';
import { formBatches } from './batches.ts';
import { texts } from './texts.ts';
import { type Counted, follow } from './turns.ts';

export interface Bare {
  /** Folder with graph.onnx, tokenizer.json and the weights. */
  readonly model: string;
  readonly threads: number;
  readonly clients: number;
  /** Texts of a request. */
  readonly batch: number;
  readonly maxBatchTokens: number;
  readonly seed: number;
}

interface Task {
  readonly graph: string;
  readonly batches: readonly RunRequest[];
  /** Counters, as below. */
  readonly counters: SharedArrayBuffer;
}

/** What the threads count together. */
const COUNTERS = { texts: 0, tokens: 1, batches: 2 } as const;

/** Enough that each thread sees many shapes; then they begin again. */
const TEXTS = 8000;
const WINDOW = 256;
const MODEL = {
  ids: 'input_ids',
  mask: 'attention_mask',
  types: 'token_type_ids',
  perToken: new Set<string>(),
};

async function start({ model, seed, ...setting }: Bare): Promise<() => Counted> {
  const { threads } = setting;
  const tokenizer = await loadTokenizer(`${model}/tokenizer.json`);
  const rows = texts(TEXTS, seed).map((each) => ({ ids: tokenizer.encode(each, WINDOW) }));
  const batches = await formBatches(MODEL, rows, setting);
  const counters = new SharedArrayBuffer(4 * Object.keys(COUNTERS).length);
  await Promise.all(
    Array.from({ length: threads }, (_, thread) => {
      const task: Task = {
        graph: `${model}/graph.onnx`,
        batches: batches.filter((_, index) => index % threads === thread),
        counters,
      };
      return new Promise((resolve, reject) => {
        new Worker(new URL(import.meta.url), { workerData: task }).once('message', resolve).once('error', reject);
      });
    }),
  );
  const counts = new Int32Array(counters);
  return () => {
    const { user, system } = process.cpuUsage();
    const count = (of: keyof typeof COUNTERS): number => Atomics.load(counts, COUNTERS[of]);
    return {
      texts: count('texts'),
      requests: 0,
      failures: 0,
      processorSeconds: (user + system) / 1e6,
      batches: [count('batches'), count('texts'), count('tokens')],
    };
  };
}

/** One thread: its batches again and again, until the process ends. */
async function loop({ graph, batches, counters }: Task): Promise<never> {
  // As the server's workers have it: beside other programs, a thread of another priority would get another part of a core.
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW);
  const session = await InferenceSession.create(graph, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    enableMemPattern: false,
    extra: { optimization: { disable_specified_optimizers: 'SkipLayerNormFusion;BiasGeluFusion' } },
  });
  const feeds = batches.map((batch) =>
    Object.fromEntries(
      Object.entries(batch.feeds).map(([name, { data, dims }]) => [
        name,
        // The model's inputs are of this type; see MODEL.
        new Tensor('int32', data as Int32Array, dims),
      ]),
    ),
  );
  parentPort?.postMessage('ready');
  const counts = new Int32Array(counters);
  for (let at = 0; ; at = (at + 1) % feeds.length) {
    const feed = feeds[at] ?? {};
    await session.run(feed, ['sentence_embedding']);
    const { dims: [rows = 0, length = 0] = [] } = feed[MODEL.ids] ?? {};
    Atomics.add(counts, COUNTERS.texts, rows);
    Atomics.add(counts, COUNTERS.tokens, rows * length);
    Atomics.add(counts, COUNTERS.batches, 1);
  }
}

if (isMainThread) follow<Bare>(start);
// Given by start() above.
else await loop(workerData as Task);
