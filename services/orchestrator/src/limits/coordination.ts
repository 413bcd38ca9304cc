import { describeError } from '../errors/describe.ts';
import type { Logger } from '../logging.ts';
import type { RedisConnection, Reply } from '../stores/redis/connection.ts';
import { KEYS } from '../stores/redis/keys.ts';
import { ALL, BEAT } from '../stores/redis/scripts.ts';

export type CoordinationState =
  /** There is no Redis: this replica is on its own. */
  | 'absent'
  /** Redis is gone. */
  | 'down'
  /** Redis is there, but not every replica has told it what is under way. */
  | 'joining'
  /** What Redis says can be relied on. */
  | 'ready';

export interface CoordinationOptions {
  readonly redis: RedisConnection | undefined;
  /** The name of this replica; no other one ever has it. */
  readonly replica: string;
  readonly log: Logger;
  /** Between signs of life. @default 250 */
  readonly beatMs?: number;
  /** After so long without a sign of life a replica counts as dead. @default 5000 */
  readonly leaseMs?: number;
  /** How long an epoch waits for replicas that were there before. @default 5000 */
  readonly patienceMs?: number;
}

/** What the rest of the service does on the way of this replica through an epoch. */
export interface Participant {
  /** Redis was lost. Tell PostgreSQL at once what is under way. */
  lost(): void;
  /** A new epoch begins: tell PostgreSQL what is under way, and Redis what it has to know. Resolves when both know. */
  join(epoch: string): Promise<void>;
  /** Replicas died and left a journal. */
  died(replicas: readonly string[]): void;
  /** The state of the maintenance mode: its version, and the rest. */
  maintenance(): { readonly version: number; readonly state: string };
  /** Another replica knows a state of the maintenance mode; only a newer one matters. */
  heard(version: number, state: string): void;
}

/**
 * Keeps replicas of one mind about Redis. It gives a sign of life several times a second, and learns from the answer whether the
 * data is what it was: after a loss (another run id) or a cut of the connection, a new epoch begins, and what Redis held before
 * is not looked at again. Nobody relies on an epoch before every replica has joined it.
 */
export class Coordination {
  readonly #options: CoordinationOptions;
  #participant: Participant | undefined;
  #state: CoordinationState;
  #epoch = '';
  #joined = '';
  #ends = '';
  #runId = '';
  #replicas = 1;
  #downSince = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #round: Promise<void> | undefined;
  #waiting = new Set<() => void>();

  constructor(options: CoordinationOptions) {
    this.#options = options;
    this.#state = options.redis ? 'down' : 'absent';
    options.redis?.onLost(() => this.#lose());
  }

  get state(): CoordinationState {
    return this.#state;
  }

  /** The epoch of the data that may be used; empty before the first. */
  get epoch(): string {
    return this.#epoch;
  }

  /** How many replicas were alive when it was last known, this one included. */
  get replicas(): number {
    return this.#replicas;
  }

  /** For how long Redis has been gone, in milliseconds. */
  get downForMs(): number {
    return this.#state === 'absent' ? Number.POSITIVE_INFINITY : performance.now() - this.#downSince;
  }

  /** Starts giving signs of life. */
  start(participant: Participant): void {
    this.#participant = participant;
    if (this.#options.redis) this.#next(0);
  }

  /** The last sign of life: others need not wait for this replica's lease. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#wake();
    await this.#round;
    const { redis, replica } = this.#options;
    if (!redis || this.#state !== 'ready') return;
    await redis.command('ZREM', KEYS.replicas, replica).catch(() => undefined);
    // Whatever is left in the journal is for the others; usually nothing is, and then nobody has to look.
    const left = await redis.command('HLEN', KEYS.journal(replica)).catch(() => 1);
    if (left === 0) await redis.command('SREM', KEYS.journals, replica).catch(() => undefined);
  }

  /** Stops at once, without a last sign of life. */
  vanish(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Resolves at the next change of the state, or after `ms`. */
  change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }

  /** Gives a sign of life now: what Redis answered does not fit what this replica knows. */
  look(): void {
    if (this.#options.redis && !this.#stopped) this.#next(0);
  }

  /** What Redis holds is of no use any more, although it answers: a new epoch begins. */
  distrust(error: unknown): void {
    if (this.#state === 'down' || this.#state === 'absent') return;
    this.#options.log.warn({ event: 'redis_distrusted', dependency: 'redis', error: describeError(error) });
    this.#lose();
  }

  #next(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#round ??= this.#beat()
        .catch((error: unknown) => {
          if (this.#state !== 'down')
            this.#options.log.warn({ event: 'redis_silent', dependency: 'redis', error: describeError(error) });
          this.#lose();
        })
        .finally(() => {
          this.#round = undefined;
          if (!this.#stopped) this.#next(this.#options.beatMs ?? 250);
        });
    }, ms);
    this.#timer.unref();
  }

  async #beat(): Promise<void> {
    const { redis, replica, leaseMs = 5_000, patienceMs = 5_000 } = this.#options;
    const participant = this.#participant;
    if (!redis || !participant) return;
    await within(redis.connect(), 2_000);
    if (this.#runId === '') {
      const info = String(await within(redis.command('INFO', 'server'), 1_000));
      await within(redis.prepare(ALL), 1_000);
      this.#runId = /run_id:(\w+)/.exec(info)?.[1] ?? '';
    }
    // Twice, when the first answer makes this replica join: the second one says that it did.
    for (let round = 0; round < 2; round += 1) {
      const mine = participant.maintenance();
      const answer = await within(
        redis.run(
          BEAT,
          [KEYS.epoch, KEYS.replicas, KEYS.maintenance, KEYS.journals],
          [
            this.#runId,
            replica,
            String(leaseMs),
            String(patienceMs),
            String(this.#replicas),
            this.#joined,
            this.#ends,
            String(mine.version),
            mine.state,
          ],
        ),
        2_000,
      );
      const [epoch, ready, , alive, held, ...dead] = list(answer);
      this.#hear(participant, String(held));
      if (String(epoch) !== this.#joined) {
        this.#epoch = String(epoch);
        this.#ends = '';
        this.#become('joining');
        await participant.join(this.#epoch);
        // The connection may have been lost meanwhile: then this was for nothing.
        if (this.#runId === '') return;
        this.#joined = this.#epoch;
        continue;
      }
      if (ready === 1) {
        this.#replicas = Math.max(1, Number(alive));
        this.#become('ready');
        const others = dead.map(String).filter((id) => id !== replica);
        if (others.length > 0) participant.died(others);
      }
      return;
    }
  }

  #hear(participant: Participant, held: string): void {
    const space = held.indexOf(' ');
    if (space > 0) participant.heard(Number(held.slice(0, space)), held.slice(space + 1));
  }

  #lose(): void {
    this.#runId = '';
    if (this.#state === 'down' || this.#state === 'absent') return;
    // What happened meanwhile is not in Redis, so its numbers are of no use any more, even if it still has them.
    this.#ends = this.#epoch;
    this.#joined = '';
    this.#downSince = performance.now();
    this.#become('down');
    this.#participant?.lost();
  }

  #become(state: CoordinationState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.log.info({ event: 'coordination', state, count: this.#replicas });
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

function list(reply: Reply): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}

/** @throws when it takes longer than `ms` */
async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
