/** The thread that answers probes: however busy the main one is, these wait for nobody. */
import { createServer } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromThread, ThreadData, ToThread } from './health-thread.ts';
import { answerProbe } from './probe.ts';
import { Stillness } from './stillness.ts';

const LOOK_MS = 250;

const { port, host, stallSeconds, beats, notReady: first } = workerData as ThreadData; // health-thread.ts starts nothing else.
let notReady = first;
parentPort?.on('message', (message: ToThread) => {
  notReady = message.notReady;
});

const stillness = new Stillness(() => Atomics.load(beats, 0), LOOK_MS);
setInterval(() => stillness.look(), LOOK_MS);

const server = createServer((request, response) => {
  const path = request.url?.split('?', 1)[0] ?? '';
  const { status, body } = answerProbe(path, { notReady, stillSeconds: stillness.seconds, stallSeconds });
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
});
server.listen(port, host, () => {
  const address = server.address();
  const listening: FromThread = { port: typeof address === 'object' && address ? address.port : port };
  parentPort?.postMessage(listening);
});
