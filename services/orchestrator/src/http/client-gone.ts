import type { FastifyReply } from 'fastify';
import type { CallSignal } from '../gateway/call-signal.ts';

/**
 * Says as soon as the client leaves before its answer is complete. An `AbortSignal` does the same, but making one and listening
 * to it takes longer than routing a request: this is for the routes where that counts.
 */
export class ClientGone implements CallSignal {
  aborted = false;
  #listeners: (() => void)[] = [];

  constructor({ raw }: FastifyReply) {
    raw.on('close', () => {
      if (raw.writableFinished) return;
      this.aborted = true;
      const listeners = this.#listeners;
      this.#listeners = [];
      for (const listener of listeners) listener();
    });
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }
}
