import { rowOfLost } from '../budgets/open-calls.ts';
import type { WriteAheadLog } from '../budgets/write-ahead-log.ts';
import type { Coordination } from '../limits/coordination.ts';
import type { Logger } from '../logging.ts';
import type { RedisBudgets } from '../stores/redis/budgets.ts';
import type { RedisConnection } from '../stores/redis/connection.ts';
import { KEYS } from '../stores/redis/keys.ts';
import { copyLine, fieldsOf } from './copy-format.ts';
import type { PostgresLedger } from './postgres-ledger.ts';
import { writeOne } from './write-one.ts';

export interface LogRecoveryOptions {
  readonly ahead: WriteAheadLog;
  readonly redis: RedisConnection;
  readonly budgets: RedisBudgets;
  readonly ledger: PostgresLedger;
  readonly coordination: Coordination;
  readonly log: Logger;
  /** Rows were written for a process that died. */
  readonly onRows: (count: number) => void;
}

/** What a log says last of a call. */
type Last = { readonly kind: 'lost' | 'ended'; readonly line: string };

/** Calls that are looked for in the ledger at once. */
const BATCH = 500;

/**
 * Brings into the ledger what a process had on this machine's disk alone when it was killed: calls of the last moment, and the ends of
 * calls. What its journal in Redis says comes first. All of it can be done twice with the same result.
 */
export class LogRecovery {
  readonly #options: LogRecoveryOptions;
  #running: Promise<void> | undefined;
  /** Taken over, and not brought in yet. */
  #taken: { readonly lines: readonly string[]; done(): void }[] = [];

  constructor(options: LogRecoveryOptions) {
    this.#options = options;
  }

  /** What is done every few seconds. @throws when a store cannot be reached; the next time goes on */
  routine(): Promise<void> {
    this.#running ??= this.#recover().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #recover(): Promise<void> {
    const { ahead, coordination } = this.#options;
    if (coordination.state !== 'ready') return;
    for (const abandoned of ahead.abandoned()) {
      if (!(await this.#isSwept(abandoned.replica))) continue;
      const taken = ahead.take(abandoned);
      if (taken) this.#taken.push(taken);
    }
    for (const taken of this.#taken) {
      await this.#bringIn(lastOf(taken.lines));
      taken.done();
      this.#taken = this.#taken.filter((each) => each !== taken);
    }
  }

  /** Whether Redis has nothing left of a replica. */
  async #isSwept(replica: string): Promise<boolean> {
    const { redis } = this.#options;
    const [alive, journal] = await Promise.all([
      redis.command('ZSCORE', KEYS.replicas, replica),
      redis.command('EXISTS', KEYS.journal(replica)),
    ]);
    return alive === null && journal === 0;
  }

  async #bringIn(calls: ReadonlyMap<string, Last>): Promise<void> {
    const { ledger, log, onRows } = this.#options;
    const all = [...calls];
    let written = 0;
    let lost = 0;
    for (let at = 0; at < all.length; at += BATCH) {
      const part = all.slice(at, at + BATCH);
      const ends = await ledger.ends(part.map(([id]) => id));
      const missing = part.filter(([id, { kind }]) => {
        const outcome = ends.get(id)?.outcome;
        return outcome === undefined || (outcome === 'lost' && kind === 'ended');
      });
      for (const [id, { kind, line }] of missing) {
        await writeOne(() => ledger.write([line]), id, log);
        if (kind === 'ended') await this.#charge(line);
        else lost += 1;
      }
      written += missing.length;
    }
    if (written === 0) return;
    onRows(lost);
    log.warn({ event: 'log_recovered', count: written, swept: lost });
  }

  /** Its reservation was given back with the journal. */
  async #charge(line: string): Promise<void> {
    const { budgets, coordination } = this.#options;
    const { request_id: id, user_id: user, at, cost_nano_usd: cost } = fieldsOf(line);
    if (!id || !user || !at || Number(cost) === 0) return;
    const call = { id, user, at: Date.parse(at), costNanoUsd: Number(cost), row: '', charge: true };
    await budgets.settle(coordination.epoch, call);
    await budgets.forget([id]);
  }
}

/**
 * Lines as `Journal` and `Settling` write them: `R<request>|<at>|<entry>` of one that was admitted, `M<request>|<target>` when a backend is
 * asked that the entry does not name, `S<row>` of one that ended, and `X<request>` of one that was taken back.
 */
function lastOf(lines: readonly string[]): ReadonlyMap<string, Last> {
  const admitted = new Map<string, { readonly at: number; readonly entry: string }>();
  const marks = new Map<string, string>();
  const calls = new Map<string, Last>();
  for (const line of lines) {
    const [, kind, id = '', rest = ''] = /^([RMX])([^|]*)\|?(.*)$/s.exec(line) ?? [];
    if (kind === 'X') admitted.delete(id);
    else if (kind === 'M') marks.set(id, rest);
    else if (kind === 'R') {
      const split = rest.indexOf('|');
      admitted.set(id, { at: Number(rest.slice(0, split)), entry: rest.slice(split + 1) });
    } else if (line.startsWith('S'))
      calls.set(line.slice(1, line.indexOf('\t')), { kind: 'ended', line: line.slice(1) });
  }
  for (const [id, { at, entry }] of admitted) {
    const row = calls.has(id) ? undefined : rowOfLost(entry, at, marks.get(id));
    if (row !== undefined && row !== 'unsent') calls.set(id, { kind: 'lost', line: copyLine(row) });
  }
  return calls;
}
