/**
 * A server that does nothing but answer, beside as many threads that do nothing but compute: what a probe of it sees is the
 * machine's part of the times, and nobody's in particular.
 *
 *   PORT=8080 THREADS=2 node empty.ts
 */
import { createServer } from 'node:http';
import { constants, setPriority } from 'node:os';
import { isMainThread, Worker } from 'node:worker_threads';

if (isMainThread) {
  for (let thread = 0; thread < Number(process.env.THREADS); thread++) new Worker(new URL(import.meta.url));
  createServer((_request, response) => response.end('{"status":"ok"}')).listen(Number(process.env.PORT), '127.0.0.1');
  process.on('SIGTERM', () => process.exit(0));
} else {
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW);
  for (let number = 0; ; ) number = Math.sqrt(number + 1);
}
