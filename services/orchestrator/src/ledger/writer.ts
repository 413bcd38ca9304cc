import { setTimeout as delay } from 'node:timers/promises';
import type { Segment } from '../budgets/write-ahead-log.ts';
import { AppError } from '../errors/app-error.ts';
import { describeError } from '../errors/describe.ts';
import type { Logger } from '../logging.ts';
import { writeOne } from './write-one.ts';

/** A row of a call that ended here. */
export interface NewRow {
  /** As a line of COPY. */
  readonly line: string;
  /** Whether PostgreSQL has a reservation of the call, which goes in the moment in which the row comes. */
  readonly reserved: boolean;
  /** Where this machine's disk has it. */
  readonly ahead?: Segment | undefined;
}

export interface LedgerWriterOptions {
  /** Writes rows to PostgreSQL. */
  readonly write: (rows: readonly NewRow[]) => Promise<void>;
  /** These are in PostgreSQL now: no journal has to keep them. */
  readonly onWritten: (requestIds: readonly string[]) => void;
  readonly log: Logger;
  /** How long a row waits for others, in milliseconds. */
  readonly intervalMs: number;
  /** Rows in one statement at most. @default 500 */
  readonly batch?: number;
}

/** Collects rows of the ledger, and writes them together. A row stays here until PostgreSQL has it. */
export class LedgerWriter {
  readonly #options: LedgerWriterOptions;
  /** A new one for each round: what was removed from a map stays with its older tables, see `Slots`. */
  #pending = new Map<string, NewRow>();
  /** Those that are being written. */
  #taken: ReadonlyMap<string, NewRow> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #failing = false;

  constructor(options: LedgerWriterOptions) {
    this.#options = options;
  }

  /** Rows that are not in PostgreSQL yet. */
  get size(): number {
    return this.#pending.size + this.#taken.size;
  }

  /** Whether the last attempt failed. */
  get failing(): boolean {
    return this.#failing;
  }

  has(requestId: string): boolean {
    return this.#pending.has(requestId) || this.#taken.has(requestId);
  }

  /** Requests whose rows are not in PostgreSQL yet. */
  ids(): readonly string[] {
    return [...this.#taken.keys(), ...this.#pending.keys()];
  }

  /** Takes a row. A second one of the same request replaces the first. */
  add(requestId: string, row: NewRow): void {
    this.#pending.set(requestId, row);
    this.#schedule(this.#options.intervalMs);
  }

  /** Writes what is here now. @throws when PostgreSQL cannot be reached; nothing is lost by that */
  async flush(): Promise<void> {
    // What is being written was taken before now; what came since is in the next round.
    await this.#writing?.catch(() => undefined);
    if (this.size > 0) await this.#start();
  }

  /** Writes everything, however long PostgreSQL takes to come back, until `signal` is aborted. */
  async drain(signal?: AbortSignal): Promise<void> {
    clearTimeout(this.#timer);
    while (this.size > 0) {
      if (signal?.aborted) return;
      try {
        await this.flush();
      } catch {
        await delay(250);
      }
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    if (this.#timer !== undefined || this.#writing !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#start().catch(() => undefined);
    }, ms);
  }

  #start(): Promise<void> {
    if (this.#writing) return this.#writing;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = undefined;
      if (this.#pending.size > 0) this.#schedule(this.#failing ? 1_000 : this.#options.intervalMs);
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    const { batch = 500, write } = this.#options;
    const rows = this.#pending;
    this.#taken = rows;
    this.#pending = new Map();
    try {
      const taken = [...rows];
      for (let at = 0; at < taken.length; at += batch) {
        const part = taken.slice(at, at + batch);
        try {
          await write(part.map(([, row]) => row));
        } catch (error) {
          // AppErrors say that PostgreSQL is gone. Anything else is about a row, and must not hold up the others.
          if (error instanceof AppError) throw error;
          await this.#oneByOne(part);
        }
        const ids = part.map(([requestId]) => requestId);
        for (const requestId of ids) rows.delete(requestId);
        this.#options.onWritten(ids);
      }
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#options.log.warn({ event: 'ledger_waiting', error: describeError(error) });
      this.#failing = true;
      throw error;
    } finally {
      // What came meanwhile for the same request goes before.
      if (rows.size > 0) this.#pending = new Map([...rows, ...this.#pending]);
      this.#taken = new Map();
    }
  }

  async #oneByOne(part: readonly (readonly [string, NewRow])[]): Promise<void> {
    for (const [requestId, row] of part) await writeOne(() => this.#options.write([row]), requestId, this.#options.log);
  }
}
