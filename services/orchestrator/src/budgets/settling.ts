import type { Permit, Settlement } from '../gateway/admission.ts';
import type { Target } from '../gateway/call.ts';
import { copyLine } from '../ledger/copy-format.ts';
import type { PostgresLedger } from '../ledger/postgres-ledger.ts';
import { settledRow } from '../ledger/row.ts';
import { LedgerWriter } from '../ledger/writer.ts';
import type { AccountingMetrics } from '../limits/accounting-metrics.ts';
import type { Coordination } from '../limits/coordination.ts';
import type { Logger } from '../logging.ts';
import type { Noted } from '../providers/noted.ts';
import { Slots } from '../slots.ts';
import type { RedisBudgets } from '../stores/redis/budgets.ts';
import type { Journal } from './journal.ts';
import { type OpenCall, reservationOf, targetOf, targetText } from './open-calls.ts';
import type { Work } from './work.ts';
import type { Segment, WriteAheadLog } from './write-ahead-log.ts';

export interface SettlingOptions {
  readonly budgets: RedisBudgets | undefined;
  readonly journal: Journal | undefined;
  readonly ahead: WriteAheadLog | undefined;
  readonly ledger: PostgresLedger | undefined;
  readonly coordination: Coordination;
  readonly metrics: AccountingMetrics;
  readonly work: Work;
  readonly log: Logger;
}

/**
 * The end of a call waits this long for others, in milliseconds: nobody waits for it, and together they take less. With 20, where all share
 * two cores, the tail of a call was shorter at times, and the median longer each time: see docs/benchmarks/orchestrator.md.
 */
const WAIT_MS = 100;
/**
 * Rows then wait half as long for their COPY, so that PostgreSQL is at work when Redis is not: where they share a machine, a call that
 * comes meanwhile waits for one of them at most.
 */
const ROWS_WAIT_MS = WAIT_MS / 2;

/** A call that ended, and was not settled yet. */
interface Ended {
  readonly call: OpenCall;
  readonly costNanoUsd: number;
  /** For the ledger, a line of COPY. */
  readonly row: string;
  readonly ahead: Segment | undefined;
}

/** Calls under way and their ends: what they reserved becomes what they cost, and a row of the ledger. */
export class Settling {
  readonly writer: LedgerWriter;
  readonly #options: SettlingOptions;
  /** Those that have ended and wait are among them. */
  readonly #open = new Slots<OpenCall>();
  #ended: Ended[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Calls that ended, and Redis is being told so; and whether their row is in PostgreSQL. Their entry in the journal has to stay. */
  readonly #telling = new Map<string, boolean>();

  constructor(options: SettlingOptions) {
    this.#options = options;
    const { ledger, metrics, log } = options;
    this.writer = new LedgerWriter({
      // Without PostgreSQL there is no ledger; the metrics are all that there is.
      write: async (rows) => {
        metrics.ledgerPending.set(this.writer.size);
        await ledger?.append(rows);
        for (const { ahead } of rows) ahead?.release();
        metrics.ledgerRows.inc({ outcome: 'settled' }, rows.length);
      },
      onWritten: (ids) => this.#forget(ids),
      log,
      intervalMs: ROWS_WAIT_MS,
    });
  }

  /** Calls that were admitted and did not end yet. */
  get open(): number {
    return this.#open.size;
  }

  /** Calls that this replica has in hand, or their rows, or is telling Redis of their end. */
  known(): ReadonlySet<string> {
    const open = [...this.#open].map(({ facts }) => facts.request_id);
    return new Set([...open, ...this.#telling.keys(), ...this.writer.ids()]);
  }

  /** A call was admitted. */
  add(call: OpenCall): void {
    this.#open.add(call);
  }

  /**
   * @param options.straight The journal has it that the first backend is asked.
   * @param options.noted Whether it has it; undefined: it does.
   */
  permit(
    call: OpenCall,
    headers: Readonly<Record<string, string>>,
    { straight, noted }: { readonly straight: boolean; readonly noted: Noted | undefined },
  ): Permit {
    return {
      admitted: true,
      headers,
      noted,
      sending: (next) => this.#sending(call, next, straight),
      settle: (settlement) => this.#end(call, settlement),
      refund: () => this.#refund(call),
    };
  }

  /** Settles all that has ended. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ended = this.#ended;
    this.#ended = [];
    for (const each of ended) this.#settle(each);
  }

  /** Forgets what has ended, and was not settled: as a process that is killed. */
  vanish(): void {
    clearTimeout(this.#timer);
    this.#ended = [];
  }

  /** Tells PostgreSQL what is under way, and writes what was settled. */
  async publish(): Promise<void> {
    const { ledger } = this.#options;
    this.settle();
    const open = [...this.#open].filter(({ published }) => !published);
    await this.writer.flush();
    await ledger?.publish(open.map(reservationOf));
    for (const call of open) {
      call.published = ledger !== undefined;
      // It may have ended while it was told: then its row is on the way, or there, and the reservation must go again.
      if (call.slot === -1 && ledger) {
        await this.writer.flush();
        await ledger.release(call.facts.request_id);
      }
    }
    this.#options.journal?.published();
  }

  #sending(open: OpenCall, target: Target, straight: boolean): void {
    open.sent = true;
    const other = open.target.provider !== target.provider || open.target.model !== target.model;
    if (other) open.target = targetOf(target);
    if ((!other && straight) || open.published || !this.#holds(open)) return;
    open.marked = true;
    const mark = targetText(open.target);
    this.#append(open, `M${open.facts.request_id}|${mark}`);
    if (open.admittal) this.#options.journal?.tell(open.admittal);
    this.#options.budgets?.mark(open.facts.request_id, mark).catch(() => undefined);
  }

  /** Adds to what the disk has of a call; it goes with that. */
  #append({ admittal }: OpenCall, line: string): void {
    if (admittal?.ahead) this.#options.ahead?.write(line)?.release();
  }

  /** Whether Redis has the reservation of a call, and can be relied on. */
  #holds({ epoch }: OpenCall): boolean {
    const { coordination } = this.#options;
    return epoch !== undefined && epoch === coordination.epoch && coordination.state === 'ready';
  }

  #end(call: OpenCall, settlement: Settlement): void {
    const row = copyLine(settledRow(call.facts, call.at, settlement));
    const ahead = this.#options.ahead?.write(`S${row}`);
    this.#ended.push({ call, costNanoUsd: settlement.costNanoUsd, row, ahead });
    this.#timer ??= setTimeout(() => this.settle(), WAIT_MS);
  }

  #settle({ call: open, costNanoUsd, row, ahead }: Ended): void {
    const { journal, budgets, work } = this.#options;
    const id = open.facts.request_id;
    this.writer.add(id, { line: row, reserved: open.published, ahead });
    this.#open.remove(open);
    this.#telling.set(id, false);
    const alone = () => work.track(this.#settleAlone(open, costNanoUsd, row));
    const { generation } = open;
    if (
      !journal ||
      open.published ||
      !this.#holds(open) ||
      generation === undefined ||
      generation !== budgets?.generation
    ) {
      alone();
      return;
    }
    const { at, amountNanoUsd, marked, admittal } = open;
    const user = open.facts.user_id;
    const onAnswer = (noted: boolean) => (noted ? this.#told(id, true) : alone());
    journal.end({ id, generation, user, at, amountNanoUsd, costNanoUsd, row, marked, admittal, onAnswer });
  }

  /** Settles one call by itself, whatever Redis knows of it. */
  async #settleAlone(open: OpenCall, costNanoUsd: number, row: string): Promise<void> {
    let told = false;
    try {
      told = await this.#tellRedis(open, costNanoUsd, row);
    } finally {
      this.#told(open.facts.request_id, told);
    }
  }

  /** @returns whether Redis keeps the end of the call in its journal now */
  async #tellRedis(open: OpenCall, costNanoUsd: number, row: string): Promise<boolean> {
    const { coordination } = this.#options;
    if (!open.published && this.#holds(open)) {
      // Gone from the journal although it is of this epoch: this replica was taken for dead. It costs all the same.
      const answer = await this.#runSettle(open, costNanoUsd, row, true);
      if (answer !== 'another epoch') return true;
    }
    // PostgreSQL has the reservation, or will have it with the next epoch. First the row, so that whoever makes the budget anew
    // from PostgreSQL meets either the reservation or the row.
    await this.writer.flush().catch(() => undefined);
    if (coordination.state !== 'ready' || this.writer.has(open.facts.request_id)) return false;
    return (await this.#runSettle(open, costNanoUsd, row, false)) === 'done';
  }

  /** @param noted Whether Redis has noted the end. What it could not be told is found by the recovery. */
  #told(id: string, noted: boolean): void {
    const written = this.#telling.get(id);
    this.#telling.delete(id);
    if (noted && written) this.#forget([id]);
  }

  async #runSettle(open: OpenCall, costNanoUsd: number, row: string, charge: boolean) {
    const { budgets, coordination } = this.#options;
    const { request_id: id, user_id: user } = open.facts;
    const answer = budgets?.settle(coordination.epoch, { id, user, at: open.at, costNanoUsd, row, charge });
    return await (answer ?? Promise.resolve('done' as const)).catch(() => 'another epoch' as const);
  }

  #refund(open: OpenCall): void {
    const { budgets, coordination, journal, ledger, work } = this.#options;
    const { request_id: id, user_id: user } = open.facts;
    this.#open.remove(open);
    if (open.admittal) journal?.tell(open.admittal);
    this.#append(open, `X${id}`);
    const refund = async () => {
      if (open.published) await ledger?.release(id);
      if (coordination.state === 'ready') await budgets?.refund(coordination.epoch, id, user);
    };
    // What fails here is found by the recovery: a reservation that nobody knows.
    work.track(refund().catch(() => undefined));
  }

  /** Rows that PostgreSQL has need no journal, once Redis knows of the end of their calls. */
  #forget(ids: readonly string[]): void {
    const { coordination, journal, metrics } = this.#options;
    metrics.ledgerPending.set(this.writer.size);
    const known: string[] = [];
    for (const id of ids)
      if (this.#telling.has(id)) this.#telling.set(id, true);
      else known.push(id);
    if (coordination.state === 'ready') journal?.forget(known);
  }
}
