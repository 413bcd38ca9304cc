import { parentPort } from 'node:worker_threads';
import type { ToWorker } from '../../../../services/inference/src/engine/protocol.ts';

/** A worker that knows which sessions it has, and ends when it is asked to run "crash". */
const sessions: string[] = [];

parentPort?.on('message', (message: ToWorker) => {
  const { id } = message;
  if (message.type === 'load') sessions.push(message.spec.key);
  if (message.type !== 'run') return parentPort?.postMessage({ type: 'done', id });
  const { key } = message.request;
  if (key === 'crash') throw new Error('out of memory, say');
  if (key === 'fail') return parentPort?.postMessage({ type: 'failed', id, message: 'no such session' });
  const outputs = { count: { type: 'float32', data: Float32Array.of(sessions.length), dims: [1] } };
  parentPort?.postMessage({ type: 'done', id, result: { outputs, seconds: 0 } });
});
