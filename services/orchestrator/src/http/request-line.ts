import type pino from 'pino';
import { destinationOf, timestamp } from '../logging.ts';

/**
 * The log line of requests that came by one route and ended with one status. It is what pino would write, but what all of them share
 * is put into words once: pino goes through every field of every line.
 */
export class RequestLine {
  readonly #shared: string;

  constructor(method: string, route: string, status: number) {
    this.#shared = JSON.stringify({ method, route, status }).slice(1, -1);
  }

  write(
    log: pino.Logger,
    { id, caller, ms }: { readonly id: string; readonly caller: string; readonly ms: number },
  ): void {
    if (!log.isLevelEnabled('info')) return;
    const from = caller === '' ? '' : `,"caller":${JSON.stringify(caller)}`;
    destinationOf(log)?.write(
      `{"level":"info"${timestamp()},"event":"request","request_id":"${id}",${this.#shared},"duration_ms":${ms}${from}}\n`,
    );
  }
}
