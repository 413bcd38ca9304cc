/** The thread that answers probes: however busy the main one is, these wait for nobody. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FromThread, ThreadData, ToThread } from './health-thread.ts';
import { serveProbes } from './probe-server.ts';
import { LOOK_MS, Stillness } from './stillness.ts';

const { port, host, stallSeconds, beats, notReady: first } = workerData as ThreadData; // health-thread.ts starts nothing else.
let notReady = first;
parentPort?.on('message', (message: ToThread) => {
  notReady = message.notReady;
});

const stillness = new Stillness(() => Atomics.load(beats, 0), LOOK_MS);
setInterval(() => stillness.look(), LOOK_MS);

const listening: FromThread = {
  port: await serveProbes({ port, host }, () => ({ notReady, stillSeconds: stillness.seconds, stallSeconds })),
};
parentPort?.postMessage(listening);
