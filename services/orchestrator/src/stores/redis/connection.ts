import { createClient } from 'redis';
import type { Script } from './script.ts';
import { ScriptRuns } from './script-runs.ts';

export interface RedisOptions {
  /** redis://host:6379 */
  readonly url: string;
  readonly password: string | undefined;
}

/** What Redis answers to a script: numbers, strings, and lists of them. */
export type Reply = string | number | null | readonly Reply[];

/** A connection to Redis that comes back by itself. */
export class RedisConnection {
  readonly #client;
  #connecting: Promise<unknown> | undefined;
  #listeners: (() => void)[] = [];
  readonly #runs = new Map<Script, ScriptRuns>();

  constructor({ url, password }: RedisOptions) {
    this.#client = createClient({
      url,
      // Lists for everything, whatever the command.
      RESP: 2,
      ...(password === undefined ? {} : { password }),
      // A command while Redis is gone fails at once, instead of waiting in a queue that grows.
      disableOfflineQueue: true,
      // It would end only commands that wait to be written, which none does for long; and each would cost an abort signal.
      commandOptions: { timeout: 0 },
      // Often: until every replica is back, none trusts what Redis holds.
      socket: { connectTimeout: 2_000, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 250) },
    });
    // The client reports every failed attempt as an event; without a listener that would end the process.
    this.#client.on('error', () => this.#lost());
    this.#client.on('reconnecting', () => this.#lost());
  }

  /** Told at once when the connection is lost; what Redis held may be lost with it. */
  onLost(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Resolves when Redis answers. */
  async ping(): Promise<void> {
    await this.connect();
    await this.#client.ping();
  }

  /** Resolves when the first connection stands. @throws while there was never one */
  async connect(): Promise<void> {
    this.#connecting ??= this.#client.connect();
    await this.#connecting;
  }

  /** One command. @throws at once while Redis is gone */
  async command(...parts: string[]): Promise<Reply> {
    return await this.#client.sendCommand<Reply>(parts);
  }

  /** Lets Redis know scripts before they are run: it forgets them when it starts anew. */
  async prepare(scripts: readonly Script[]): Promise<void> {
    const texts = scripts.flatMap((script) => this.#runsOf(script).texts);
    await Promise.all(texts.map((text) => this.#client.sendCommand(['SCRIPT', 'LOAD', text])));
  }

  /**
   * Runs a script, in one round trip unless Redis sees it for the first time. While runs of it are under way, those that come
   * together go together: under load, what each costs beside its own work is shared.
   */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<Reply> {
    return this.#runsOf(script).run(keys, args);
  }

  /** Runs a script by itself, after whatever was sent before. It is with the kernel after the next turn of the event loop. */
  async send(script: Script, keys: readonly string[], args: readonly string[]): Promise<Reply> {
    const rest = [String(keys.length), ...keys].concat(args);
    try {
      return await this.#client.sendCommand<Reply>(['EVALSHA', script.sha].concat(rest));
    } catch (error) {
      if (!String(error).includes('NOSCRIPT')) throw error;
      return await this.#client.sendCommand<Reply>(['EVAL', script.text].concat(rest));
    }
  }

  close(): void {
    this.#listeners = [];
    if (this.#client.isOpen) this.#client.destroy();
  }

  #runsOf(script: Script): ScriptRuns {
    let runs = this.#runs.get(script);
    if (!runs) {
      runs = new ScriptRuns(script, (command) => this.#client.sendCommand<Reply>(command));
      this.#runs.set(script, runs);
    }
    return runs;
  }

  #lost(): void {
    for (const listener of this.#listeners) listener();
  }
}
