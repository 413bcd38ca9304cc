import { rowOfLost } from '../budgets/open-calls.ts';
import type { Coordination } from '../limits/coordination.ts';
import type { Logger } from '../logging.ts';
import type { RedisConnection } from '../stores/redis/connection.ts';
import { creditOf } from '../stores/redis/journal-fields.ts';
import { KEYS } from '../stores/redis/keys.ts';
import { REFUND, RETURN, SETTLE } from '../stores/redis/scripts.ts';
import { copyLine } from './copy-format.ts';
import type { End, PostgresLedger } from './postgres-ledger.ts';

export interface RecoveryOptions {
  readonly redis: RedisConnection | undefined;
  readonly ledger: PostgresLedger | undefined;
  readonly coordination: Coordination;
  readonly log: Logger;
  /** This replica. */
  readonly replica: string;
  /** The requests that this replica has in hand itself. */
  readonly known: () => ReadonlySet<string>;
  /** Rows were written for replicas that died. */
  readonly onRows: (count: number) => void;
}

/** An entry of a journal in Redis. */
type Entry =
  /** The row is a line of COPY. */
  | { readonly id: string; readonly kind: 'settled'; readonly row: string }
  | { readonly id: string; readonly kind: 'credit'; readonly epoch: string; readonly user: string }
  | {
      readonly id: string;
      readonly kind: 'reserved';
      readonly at: number;
      readonly facts: string;
      readonly mark: string | undefined;
    };

/**
 * Settles what nobody will settle: requests of replicas that died, from their journals in Redis and their reservations in
 * PostgreSQL. Any replica does it; all of it can be done twice, or by two at once, with the same result.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  #sweeping: Promise<void> | undefined;
  #suspects = new Set<string>();
  #upkeepAt = 0;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Takes over the journals of replicas that died. */
  sweep(replicas: readonly string[]): Promise<void> {
    this.#sweeping ??= this.#sweepAll(replicas).finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  /**
   * Writes what any journal says was settled, whoever left it. Before a new epoch is relied on: its budgets are made from
   * PostgreSQL, and a replica that died just before cannot say any more what it had not written yet.
   */
  async salvage(): Promise<void> {
    const { redis, ledger } = this.#options;
    if (!redis || !ledger) return;
    const replicas = await redis.command('SMEMBERS', KEYS.journals);
    for (const replica of Array.isArray(replicas) ? replicas.map(String) : []) {
      const entries = parse(await redis.command('HGETALL', KEYS.journal(replica)));
      await ledger.write(entries.flatMap((entry) => (entry.kind === 'settled' ? [entry.row] : [])));
    }
  }

  /** What is done every few seconds. */
  async routine(): Promise<void> {
    const { ledger, replica, coordination } = this.#options;
    if (ledger) {
      // While Redis is gone, it was said that this replica does not rely on it, after all that it had under way was told.
      if (coordination.state !== 'down') await ledger.seen(replica, coordination.state !== 'absent');
      else await ledger.alive(replica);
      await this.#sweepReservations();
    }
    await this.#ownOrphans();
  }

  /** Partitions and retention, at most once an hour. */
  async upkeep(retentionMonths: number | undefined): Promise<void> {
    const now = performance.now();
    if (this.#upkeepAt > 0 && now - this.#upkeepAt < 3_600_000) return;
    await this.#options.ledger?.upkeep(retentionMonths);
    this.#upkeepAt = now;
  }

  async #sweepAll(replicas: readonly string[]): Promise<void> {
    const { redis, ledger, log, onRows } = this.#options;
    if (!redis) return;
    for (const replica of replicas) {
      const journal = KEYS.journal(replica);
      // If it lives after all, it adds nothing to this journal from here on.
      await redis.command('HDEL', KEYS.generations, replica);
      const entries = parse(await redis.command('HGETALL', journal));
      const rows: string[] = [];
      for (const entry of entries) {
        if (entry.kind === 'settled') rows.push(entry.row);
        else if (entry.kind === 'reserved') {
          const row = rowOfLost(entry.facts, entry.at, entry.mark);
          if (row !== undefined && row !== 'unsent') rows.push(copyLine(row));
        }
      }
      // First the ledger: if this replica dies now, the next one finds the journal as it is.
      await ledger?.write(rows);
      await this.#finish(redis, journal, entries);
      if (entries.length > 0) {
        onRows(rows.length);
        log.warn({ event: 'replica_swept', count: entries.length, swept: rows.length });
      }
      await redis.command('DEL', journal);
      await redis.command('SREM', KEYS.journals, replica);
      await redis.command('ZREM', KEYS.replicas, replica);
    }
  }

  async #sweepReservations(): Promise<void> {
    const { ledger, log, onRows } = this.#options;
    const orphans = (await ledger?.orphans(500)) ?? [];
    if (orphans.length === 0) return;
    const rows = orphans.flatMap(({ entry, at }) => {
      const row = rowOfLost(entry, at, undefined);
      return row === undefined || row === 'unsent' ? [] : [copyLine(row)];
    });
    // A row takes the reservation of its request with it; what no backend was asked for only goes.
    await ledger?.write(rows);
    for (const { requestId } of orphans) await ledger?.release(requestId);
    onRows(rows.length);
    log.warn({ event: 'reservations_swept', count: orphans.length, swept: rows.length });
  }

  /**
   * Entries of this replica's own journal that it knows nothing of: an admission whose answer was lost, or a reservation that
   * another replica took from PostgreSQL in the moment in which it was settled. Seen twice in a row, they are settled.
   */
  async #ownOrphans(): Promise<void> {
    const { redis, ledger, coordination, replica, known } = this.#options;
    if (!redis || coordination.state !== 'ready') return;
    const journal = KEYS.journal(replica);
    const entries = parse(await redis.command('HGETALL', journal));
    const own = known();
    const unknown = entries.filter(({ id, kind }) => kind !== 'credit' && !own.has(id));
    const again = unknown.filter(({ id }) => this.#suspects.has(id));
    this.#suspects = new Set(unknown.map(({ id }) => id));
    if (again.length === 0) return;
    await ledger?.write(again.flatMap((entry) => (entry.kind === 'settled' ? [entry.row] : [])));
    await this.#finish(redis, journal, again);
  }

  /** Takes entries out of a journal, whose rows are in PostgreSQL: what they reserved becomes what the ledger says they cost. */
  async #finish(redis: RedisConnection, journal: string, entries: readonly Entry[]): Promise<void> {
    const { ledger, coordination } = this.#options;
    const { epoch } = coordination;
    const open = entries.flatMap((entry) => (entry.kind === 'reserved' ? [entry.id] : []));
    // The end of one may have been written just before its replica died, and Redis not told any more.
    const ends = (open.length > 0 && (await ledger?.ends(open))) || new Map<string, End>();
    for (const entry of entries) {
      if (entry.kind === 'credit') {
        const keys = [KEYS.epoch, KEYS.budget(entry.epoch, entry.user), journal];
        await redis.run(RETURN, keys, [entry.epoch, entry.id]);
      } else if (entry.kind === 'reserved') {
        const cost = ends.get(entry.id)?.costNanoUsd ?? 0;
        const keys = [KEYS.epoch, KEYS.budget(epoch, userOf(entry.facts)), journal];
        if (cost === 0) await redis.run(REFUND, keys, [epoch, entry.id]);
        else await redis.run(SETTLE, keys, [epoch, entry.id, String(cost), '', String(entry.at), '0']);
      }
      await redis.command('HDEL', journal, entry.id, `${entry.id}!`);
    }
  }
}

function userOf(facts: string): string {
  try {
    const entry: unknown = JSON.parse(facts);
    return String((entry as { facts: { user_id: unknown } }).facts.user_id); // Written by `journalText`.
  } catch {
    return '';
  }
}

/** The answer of HGETALL: names and values in turn. */
function parse(reply: unknown): Entry[] {
  const flat = Array.isArray(reply) ? reply.map(String) : [];
  const fields = new Map<string, string>();
  for (let at = 0; at < flat.length; at += 2) fields.set(flat[at] ?? '', flat[at + 1] ?? '');
  const entries: Entry[] = [];
  for (const [id, value] of fields) {
    const credit = creditOf(id);
    if (credit) {
      entries.push({ id, kind: 'credit', ...credit });
      continue;
    }
    if (value.startsWith('S')) entries.push({ id, kind: 'settled', row: value.slice(1) });
    const reserved = /^R[^|]*\|\d+\|(\d+)\|(.*)$/s.exec(value);
    if (reserved)
      entries.push({
        id,
        kind: 'reserved',
        at: Number(reserved[1]),
        facts: reserved[2] ?? '',
        mark: fields.get(`${id}!`),
      });
  }
  return entries;
}
