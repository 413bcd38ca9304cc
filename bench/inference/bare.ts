/**
 * What ONNX Runtime alone reaches: the batches that the server would form of the same texts, tokenised beforehand, in a loop
 * without HTTP, JSON, queue or messages, on as many threads.
 *
 *   echo '{"model":"folder","threads":2,"inFlight":64,"maxBatchTokens":1024,"seconds":8,"seed":1}' | node bare.ts
 */
import { text } from 'node:stream/consumers';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { bucketOf, type Row } from '../../services/inference/src/engine/row.ts';
import { RowQueue } from '../../services/inference/src/engine/row-queue.ts';
import { loadTokenizer } from '../../services/inference/src/tokenizer/load.ts';
import { texts } from './texts.ts';

export interface Bare {
  /** Folder with graph.onnx, tokenizer.json and the weights. */
  readonly model: string;
  readonly threads: number;
  /** Texts that wait at the same time, as clients send them. */
  readonly inFlight: number;
  readonly maxBatchTokens: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface BareResult {
  readonly textsPerSecond: number;
  readonly textsPerBatch: number;
  /** Processor time of a text, in milliseconds. */
  readonly processorMs: number;
  /** Share of the tokens that are padding. */
  readonly padding: number;
}

interface Batch {
  readonly rows: readonly Int32Array[];
  readonly length: number;
}

interface Task {
  readonly graph: string;
  readonly batches: readonly Batch[];
  readonly seconds: number;
}

/** Enough that each thread sees many shapes; then they begin again. */
const TEXTS = 8000;

async function run({ model, threads, inFlight, maxBatchTokens, seconds, seed }: Bare): Promise<BareResult> {
  const batches = await form(model, threads, inFlight, maxBatchTokens, seed);
  const looped = await Promise.all(
    Array.from({ length: threads }, (_, thread) => {
      const task: Task = {
        graph: `${model}/graph.onnx`,
        batches: batches.filter((_, index) => index % threads === thread),
        seconds,
      };
      return new Promise<Looped>((resolve, reject) => {
        new Worker(new URL(import.meta.url), { workerData: task }).on('message', resolve).on('error', reject);
      });
    }),
  );
  const count = looped.reduce((sum, each) => sum + each.count, 0);
  const padded = batches.reduce((sum, { rows, length }) => sum + rows.length * length, 0);
  const used = batches.reduce((sum, { rows }) => sum + rows.reduce((tokens, row) => tokens + row.length, 0), 0);
  return {
    textsPerSecond: count / seconds,
    processorMs: looped.reduce((sum, each) => sum + each.processorMs, 0) / count,
    textsPerBatch: TEXTS / batches.length,
    padding: 1 - used / padded,
  };
}

/** Fills the server's own queue with as many texts as clients have open, and takes batches as its workers would. */
async function form(
  model: string,
  threads: number,
  inFlight: number,
  maxBatchTokens: number,
  seed: number,
): Promise<Batch[]> {
  const tokenizer = await loadTokenizer(`${model}/tokenizer.json`);
  const waiting = texts(TEXTS, seed).map((each) => tokenizer.encode(each, 256));
  const queue = new RowQueue();
  const batches: Batch[] = [];
  let sequence = 0;
  const fill = (): void => {
    while (queue.size < inFlight && sequence < waiting.length) queue.push(row(waiting[sequence], sequence++));
  };
  for (fill(); queue.size > 0; fill()) {
    const share = Math.ceil(queue.tokens / threads);
    const rows = queue.take(Math.min(maxBatchTokens, share));
    batches.push({
      rows: rows.map(({ input }) => input.ids),
      length: Math.max(...rows.map(({ bucket }) => bucket)),
    });
  }
  return batches;
}

function row(ids: Int32Array = new Int32Array(), sequence = 0): Row {
  const nobody = (): void => {};
  const input = { ids };
  return {
    input,
    outputs: [],
    bucket: bucketOf(ids.length),
    sequence,
    attempts: 0,
    cancelled: false,
    resolve: nobody,
    reject: nobody,
  };
}

interface Looped {
  /** Texts computed. */
  readonly count: number;
  readonly processorMs: number;
}

/** One thread: its batches again and again for the time given. */
async function loop({ graph, batches, seconds }: Task): Promise<Looped> {
  const session = await InferenceSession.create(graph, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    enableMemPattern: false,
    extra: { optimization: { disable_specified_optimizers: 'SkipLayerNormFusion;BiasGeluFusion' } },
  });
  const feeds = batches.map(({ rows, length }) => {
    const dims = [rows.length, length];
    const ids = new Int32Array(rows.length * length);
    const mask = new Int32Array(ids.length);
    for (const [index, each] of rows.entries()) {
      ids.set(each, index * length);
      mask.fill(1, index * length, index * length + each.length);
    }
    return {
      input_ids: new Tensor('int32', ids, dims),
      attention_mask: new Tensor('int32', mask, dims),
      token_type_ids: new Tensor('int32', new Int32Array(ids.length), dims),
    };
  });
  let count = 0;
  const before = process.threadCpuUsage();
  const until = performance.now() + seconds * 1000;
  for (let index = 0; performance.now() < until; index = (index + 1) % feeds.length) {
    const feed = feeds[index];
    if (feed === undefined) break;
    await session.run(feed, ['sentence_embedding']);
    count += feed.input_ids.dims[0] ?? 0;
  }
  const { user, system } = process.threadCpuUsage(before);
  return { count, processorMs: (user + system) / 1000 };
}

if (isMainThread) {
  // Written by run.ts alone.
  const bare = JSON.parse(await text(process.stdin)) as Bare;
  process.stdout.write(JSON.stringify(await run(bare)));
} else {
  // Given by run() above.
  parentPort?.postMessage(await loop(workerData as Task));
}
