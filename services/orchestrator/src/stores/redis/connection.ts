import { createClient } from 'redis';

export interface RedisOptions {
  /** redis://host:6379 */
  readonly url: string;
  readonly password: string | undefined;
}

/** A connection to Redis that comes back by itself. */
export class RedisConnection {
  readonly #client;
  #connecting: Promise<unknown> | undefined;

  constructor({ url, password }: RedisOptions) {
    this.#client = createClient({
      url,
      ...(password === undefined ? {} : { password }),
      // A command while Redis is gone fails at once, instead of waiting in a queue that grows.
      disableOfflineQueue: true,
      socket: { connectTimeout: 2_000, reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, 2_000) },
    });
    // The client reports every failed attempt as an event; without a listener that would end the process.
    this.#client.on('error', () => undefined);
  }

  /** Resolves when Redis answers. */
  async ping(): Promise<void> {
    this.#connecting ??= this.#client.connect();
    await this.#connecting;
    await this.#client.ping();
  }

  close(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }
}
