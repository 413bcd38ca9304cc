import { readFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { FromWorker, RunRequest, RunResult, SessionInfo, SessionSpec, TensorInfo, ToWorker } from './protocol.ts';
import { buffersOf, type EngineTensor } from './tensor.ts';

/**
 * The entry of a worker thread: it owns sessions and computes one batch at a time. `run()` of ONNX Runtime's Node
 * binding blocks its thread until the result is there, which is why it must never be called on the HTTP thread.
 */
const sessions = new Map<string, InferenceSession>();

// Where the runtime has arrays of halves, onnxruntime-common hands them to the native binding, which does not know them
// ("not enough space: expected 2, got 0"; onnxruntime-node 1.30.0, 2026-11). Without them it takes their bits.
Reflect.deleteProperty(globalThis, 'Float16Array');

async function load(spec: SessionSpec): Promise<SessionInfo> {
  const { key, file, graph, provider = 'cpu' } = spec;
  const model =
    file === undefined ? graph : graph.byteLength === 0 ? file : Buffer.concat([await readFile(file), graph]);
  const { session, fallback } = await open(model, spec);
  await sessions.get(key)?.release();
  sessions.set(key, session);
  return {
    inputs: session.inputMetadata.map(tensorInfo),
    outputs: session.outputMetadata.map(tensorInfo),
    provider: fallback === undefined ? provider : 'cpu',
    ...(fallback !== undefined && { fallback }),
  };
}

async function open(
  model: string | Uint8Array,
  spec: SessionSpec,
): Promise<{ session: InferenceSession; fallback?: string }> {
  if (spec.provider !== 'cuda') return { session: await create(model, spec, []) };
  try {
    return { session: await create(model, spec, ['cuda']) };
  } catch (error) {
    const session = await create(model, spec, []);
    return { session, fallback: error instanceof Error ? error.message : String(error) };
  }
}

function create(
  model: string | Uint8Array,
  { folder, threads }: SessionSpec,
  executionProviders: readonly string[],
): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [...executionProviders, 'cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Patterns are kept per shape, and batches come in many shapes: the memory would only grow.
    enableMemPattern: false,
    extra: {
      // What these make of additions and layer norms, and of additions and GELUs, is slower on the CPU than the parts: seven
      // times and twice, measured with ONNX Runtime 1.30 on AVX-512, 2026-11.
      ...(executionProviders.length === 0 && {
        optimization: { disable_specified_optimizers: 'SkipLayerNormFusion;BiasGeluFusion' },
      }),
      session: {
        model_external_initializers_file_folder_path: folder,
        // Threads that spin while they wait would keep an idle server busy.
        intra_op: { allow_spinning: '0' },
      },
    },
  };
  // One after the other: the overloads take either.
  return typeof model === 'string' ? InferenceSession.create(model, options) : InferenceSession.create(model, options);
}

function tensorInfo(metadata: InferenceSession.ValueMetadata): TensorInfo {
  const { name } = metadata;
  if (!metadata.isTensor) throw new Error(`"${name}" is not a tensor, which this server cannot send or take`);
  // Types of four bits are the only ones that are missing, and nothing outside a graph uses them.
  const type = metadata.type as TensorInfo['type'];
  return { name, type, dims: metadata.shape.map((size) => (typeof size === 'number' ? size : -1)) };
}

async function unload(key: string): Promise<void> {
  const session = sessions.get(key);
  sessions.delete(key);
  await session?.release();
}

async function run({ key, feeds, fetches }: RunRequest): Promise<RunResult> {
  const session = sessions.get(key);
  if (session === undefined) throw new Error(`no session "${key}" in this worker`);
  const tensors = Object.entries(feeds).map(([name, tensor]) => [name, toTensor(tensor)] as const);
  const start = performance.now();
  const results = await session.run(Object.fromEntries(tensors), fetches);
  const seconds = (performance.now() - start) / 1000;
  const outputs: Record<string, EngineTensor> = {};
  for (const name of fetches) {
    const tensor = results[name];
    if (tensor === undefined) throw new Error(`the session gave no output "${name}"`);
    outputs[name] = fromTensor(tensor);
  }
  return { outputs, seconds };
}

function toTensor({ type, data, dims }: EngineTensor): Tensor {
  // The constructor checks that the array is the one for the type; halves may come as their bits.
  return new Tensor(type as 'float32', data as Float32Array, dims);
}

function fromTensor(tensor: Tensor): EngineTensor {
  const { data, dims } = tensor;
  if (tensor.type === 'float16') {
    const { buffer, byteOffset } = data as unknown as Uint16Array;
    return { type: 'float16', data: new Uint16Array(buffer, byteOffset, tensor.size), dims };
  }
  // ONNX Runtime gives the array that belongs to the type.
  return { type: tensor.type, data, dims } as unknown as EngineTensor;
}

async function handle(message: ToWorker): Promise<{ result?: RunResult; info?: SessionInfo }> {
  switch (message.type) {
    case 'load':
      return { info: await load(message.spec) };
    case 'unload':
      await unload(message.key);
      return {};
    case 'run':
      return { result: await run(message.request) };
  }
}

// On Linux this is the priority of the calling thread alone: while all workers compute, the HTTP thread still gets its
// turn at once, so that probes and refusals are not late.
if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW);

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread; start main instead');
let last: Promise<void> = Promise.resolve();
// One after the other, in the order in which they came: a batch that was handed in ahead has no part in the time of another.
port.on('message', (message: ToWorker) => {
  last = last.then(() => answer(message));
});

async function answer(message: ToWorker): Promise<void> {
  const { id } = message;
  try {
    const done = await handle(message);
    port?.postMessage(
      { type: 'done', id, ...done } satisfies FromWorker,
      buffersOf(Object.values(done.result?.outputs ?? {})),
    );
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    port?.postMessage({ type: 'failed', id, message: text } satisfies FromWorker);
  }
}
