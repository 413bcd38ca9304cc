/**
 * The load generator, a process of its own: clients that send embeddings requests over kept-alive connections, one after the
 * other each, and do not look at the answers beyond their status. All requests are made before the first is sent.
 *
 *   echo '{"url":"…","path":"/v1/embeddings","model":"…","clients":64,"batch":1,"seconds":8,"seed":1}' | node load.ts
 *
 * Forked by another program, it takes the same as a message, and goes on until it is told to end; see turns.ts.
 */
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection, request } from '../orchestrator/client.ts';
import { texts } from './texts.ts';
import { type Counted, follow } from './turns.ts';

export interface Load {
  readonly url: string;
  readonly path: string;
  readonly model: string;
  readonly clients: number;
  /** Texts of a request. */
  readonly batch: number;
  readonly seed: number;
  /** Most words of a text. @default 120 */
  readonly words?: number;
}

/** More texts than that are not needed at any speed; then they begin again. */
const MOST_TEXTS = 60_000;

class Generator {
  readonly #load: Load;
  readonly #requests: readonly Buffer[];
  #next = 0;
  #answered = 0;
  #failures = 0;
  #done = false;
  readonly #running: Promise<unknown>;

  constructor(load: Load) {
    const { path, model, clients, batch, seed, words } = load;
    const all = texts(MOST_TEXTS, seed, words);
    this.#load = load;
    this.#requests = Array.from({ length: Math.floor(all.length / batch) }, (_, index) => {
      const input = all.slice(index * batch, (index + 1) * batch);
      return request(path, {}, JSON.stringify({ model, input, encoding_format: 'float' }));
    });
    this.#running = Promise.all(Array.from({ length: clients }, () => this.#client()));
  }

  counted(): Counted {
    const { user, system } = process.cpuUsage();
    return {
      texts: this.#answered * this.#load.batch,
      requests: this.#answered,
      failures: this.#failures,
      processorSeconds: (user + system) / 1e6,
    };
  }

  async end(): Promise<void> {
    this.#done = true;
    await this.#running;
  }

  async #client(): Promise<void> {
    const port = Number(new URL(this.#load.url).port);
    let connection = await Connection.open(port);
    while (!this.#done) {
      try {
        await connection.ask(this.#requests[this.#next++ % this.#requests.length] ?? Buffer.alloc(0));
        this.#answered += 1;
      } catch {
        this.#failures += 1;
        connection.close();
        // What is wrong now may be so for a while.
        await delay(100);
        connection = await Connection.open(port);
      }
    }
    connection.close();
  }
}

if (process.send !== undefined) {
  follow<Load>(async (load) => {
    const generator = new Generator(load);
    return () => generator.counted();
  });
} else if (import.meta.main) {
  // Written by this folder's programs alone.
  const { seconds, ...load } = JSON.parse(await text(process.stdin)) as Load & { readonly seconds: number };
  const generator = new Generator(load);
  await delay(seconds * 1000);
  await generator.end();
  process.stdout.write(JSON.stringify(generator.counted()));
}
