import type { Registry } from 'prom-client';
import { LOOK_MS } from '../health/stillness.ts';
import { type FromPrimary, type FromWorker, isOurs } from './messages.ts';

export interface PrimaryLinkOptions {
  readonly registry: Registry;
  /** Why no request should come here; undefined when it should. */
  readonly notReady: () => string | undefined;
}

/** A worker's side of the channel to its primary: it says that it lives and whether it is ready, and what it counts. */
export class PrimaryLink {
  readonly #waiting = new Map<number, (text: string) => void>();
  #asked = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Begins to give signs of life: from now on it is taken for serving. */
  start({ registry, notReady }: PrimaryLinkOptions): void {
    process.on('message', (message) => {
      if (isOurs<FromPrimary>(message)) void this.#hear(message, registry);
    });
    const beat = (): void => tell({ keelson: 'alive', notReady: notReady() });
    this.#timer = setInterval(beat, LOOK_MS).unref();
    beat();
  }

  /** The metrics of all workers, in Prometheus' text format. */
  gather(): Promise<string> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      tell({ keelson: 'gather', id });
    });
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #hear(message: FromPrimary, registry: Registry): Promise<void> {
    switch (message.keelson) {
      case 'report':
        tell({ keelson: 'report', round: message.round, snapshot: await registry.getMetricsAsJSON() });
        return;
      case 'gathered':
        this.#waiting.get(message.id)?.(message.text);
        this.#waiting.delete(message.id);
    }
  }
}

/** A primary that is gone takes its workers with it (node:cluster sees to that): there is nobody left to tell. */
function tell(message: FromWorker): void {
  process.send?.(message, undefined, undefined, () => undefined);
}
