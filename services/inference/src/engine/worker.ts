import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { FromWorker, OutputTensor, RunRequest, RunResult, SessionSpec, ToWorker } from './protocol.ts';

/**
 * The entry of a worker thread: it owns sessions and computes one batch at a time. `run()` of ONNX Runtime's Node
 * binding blocks its thread until the result is there, which is why it must never be called on the HTTP thread.
 */
const sessions = new Map<string, InferenceSession>();

async function load({ key, graph, folder, threads }: SessionSpec): Promise<void> {
  const session = await InferenceSession.create(graph, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Patterns are kept per shape, and batches come in many shapes: the memory would only grow.
    enableMemPattern: false,
    extra: {
      session: {
        model_external_initializers_file_folder_path: folder,
        // Threads that spin while they wait would keep an idle server busy.
        intra_op: { allow_spinning: '0' },
      },
    },
  });
  await sessions.get(key)?.release();
  sessions.set(key, session);
}

async function unload(key: string): Promise<void> {
  const session = sessions.get(key);
  sessions.delete(key);
  await session?.release();
}

async function run({ key, feeds, fetches }: RunRequest): Promise<RunResult> {
  const session = sessions.get(key);
  if (session === undefined) throw new Error(`no session "${key}" in this worker`);
  const tensors = Object.entries(feeds).map(
    ([name, { data, dims }]) => [name, new Tensor('int32', data, dims)] as const,
  );
  const start = performance.now();
  const results = await session.run(Object.fromEntries(tensors), fetches);
  const seconds = (performance.now() - start) / 1000;
  const outputs: Record<string, OutputTensor> = {};
  for (const name of fetches) {
    const tensor = results[name];
    if (!(tensor?.data instanceof Float32Array)) throw new Error(`the output "${name}" is not a float tensor`);
    outputs[name] = { data: tensor.data, dims: tensor.dims };
  }
  return { outputs, seconds };
}

async function handle(message: ToWorker): Promise<RunResult | undefined> {
  switch (message.type) {
    case 'load':
      await load(message.spec);
      return undefined;
    case 'unload':
      await unload(message.key);
      return undefined;
    case 'run':
      return run(message.request);
  }
}

// On Linux this is the priority of the calling thread alone: while all workers compute, the HTTP thread still gets its
// turn at once, so that probes and refusals are not late.
if (process.platform === 'linux') setPriority(0, 5);

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread; start main instead');
port.on('message', async (message: ToWorker) => {
  const { id } = message;
  try {
    const result = await handle(message);
    const buffers = Object.values(result?.outputs ?? {}).map(({ data }) => data.buffer);
    const answer: FromWorker = { type: 'done', id, ...(result && { result }) };
    // ArrayBufferLike also names shared buffers, which these never are.
    port.postMessage(answer, buffers as ArrayBuffer[]);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    port.postMessage({ type: 'failed', id, message: text } satisfies FromWorker);
  }
});
