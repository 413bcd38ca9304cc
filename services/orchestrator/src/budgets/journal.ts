import type { Noted } from '../providers/noted.ts';
import type { Slotted } from '../slots.ts';
import type { BudgetChange, Notes, RedisBudgets } from '../stores/redis/budgets.ts';
import type { Segment, WriteAheadLog } from './write-ahead-log.ts';

/** A call that was admitted with credit. */
export interface Admittal {
  readonly id: string;
  /** Of the journal, when the credit was taken. */
  readonly generation: string;
  readonly user: string;
  readonly at: number;
  readonly amountNanoUsd: number;
  /** The field of the credit in the journal. */
  readonly credit: string;
  /** What the journal keeps. */
  readonly entry: string;
  /** The call; it has a slot as long as it is under way, and learns how it was noted. */
  readonly call: Slotted & { admittal: Noting | undefined };
}

/** An admittal that Redis is, or was, or will be told of. */
export interface Noting extends Admittal {
  /** By `performance.now()`. */
  readonly since: number;
  /** Where this machine's disk has it; undefined: Redis was told at once. */
  readonly ahead: Segment | undefined;
  told: boolean;
}

/** A call that ended. */
export interface Ending {
  readonly id: string;
  /** Of the journal that holds its reservation. */
  readonly generation: string;
  readonly user: string;
  readonly at: number;
  readonly amountNanoUsd: number;
  readonly costNanoUsd: number;
  /** For the ledger, a line of COPY. */
  readonly row: string;
  /** Whether a mark told which backend was asked. */
  readonly marked: boolean;
  /** With it, if Redis was not told yet. */
  readonly admittal: Noting | undefined;
  /** Whether Redis took it, or is in another epoch, or in another generation of this journal. */
  readonly onAnswer: (noted: boolean) => void;
}

export interface JournalOptions {
  readonly budgets: Pick<RedisBudgets, 'generation' | 'note' | 'begin'>;
  /** undefined: Redis is told before a backend is asked */
  readonly ahead: WriteAheadLog | undefined;
  readonly epoch: () => string;
  /** Redis answers, and what it says does not fit what this replica takes it for. */
  readonly onMismatch: () => void;
  /** Redis failed to note something, and may have done part of it: its numbers are of no use any more. */
  readonly onBroken: (error: unknown) => void;
}

/** Calls in one command at most: Redis does nothing else meanwhile. */
const MOST = 250;

/** So long after it began, in milliseconds, Redis is told of a call that this machine's disk has. Most of the short ones have ended. */
const LATE_MS = 100;

/** What is needless goes with what Redis is told next, and by itself when it was told nothing for so long, in milliseconds. */
const NEEDLESS_MS = 100;

/**
 * Tells Redis what happened to this replica's calls, all of a moment in one command. A backend is asked once the admittal of the call
 * was handed to the kernel, which no longer needs this process for it: whoever takes over after a `kill -9` finds every call
 * that a backend was asked for. Nobody waits for Redis' answer.
 *
 * With a log on this machine's disk, that has the admittal, and Redis is told a little later, if the call still runs, or with its end.
 */
export class Journal {
  readonly #options: JournalOptions;
  #admittals: Noting[] = [];
  #endings: Ending[] = [];
  #turn: Promise<Noted> | undefined;
  #scheduled: NodeJS.Immediate | undefined;
  readonly #underWay = new Set<Promise<void>>();
  /** Admittals that the disk has, the oldest first. */
  #late: Noting[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Calls whose entries nobody needs any more. */
  #needless: string[] = [];
  #forgetting: NodeJS.Timeout | undefined;
  /** Redis may not have taken them, or is not relied on any more. */
  #unsure: Noting[] = [];
  #beginning: Promise<void> | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /**
   * Notes an admittal. Once this has answered, the backend may be given the request, which tells before it writes it whether the kernel
   * has the note: both are then written in the same turn of the event loop, one after the other.
   *
   * @returns undefined when the kernel has it already
   */
  admit(admittal: Admittal): Noted | undefined | Promise<Noted> {
    const ahead = this.#options.ahead?.write(`R${admittal.id}|${admittal.at}|${admittal.entry}`);
    const noting: Noting = { ...admittal, since: performance.now(), ahead, told: ahead === undefined };
    admittal.call.admittal = noting;
    if (noting.told) return this.#note(noting);
    this.#late.push(noting);
    this.#timer ??= setTimeout(() => this.#tellLate(), LATE_MS);
    return undefined;
  }

  /** Tells Redis of a call now, before it is told something that the call has to be known for. */
  tell(noting: Noting): void {
    this.#take(noting);
    this.#flush('admittals');
  }

  /** With what Redis is told next, unless it was told. */
  #take(noting: Noting): void {
    if (noting.told) return;
    noting.told = true;
    this.#admittals.push(noting);
  }

  #note(noting: Noting): Noted | Promise<Noted> {
    this.#admittals.push(noting);
    if (this.#turn) return this.#turn;
    // The first of several goes at once. Those that come while it is under way go together, at the end of the event loop's turn.
    if (this.#underWay.size === 0) {
      this.#flush('admittals');
      return new Handed();
    }
    this.#turn = new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = undefined;
        this.#flush('admittals');
        resolve(new Handed());
      });
    });
    return this.#turn;
  }

  /** Notes the end of a call, with all others of this turn of the event loop. */
  end(ending: Ending): void {
    if (ending.admittal) this.#take(ending.admittal);
    this.#endings.push(ending);
    this.#scheduled ??= setImmediate(() => this.#flush('all'));
  }

  /** PostgreSQL has the rows of these calls, and Redis was told of their end. */
  forget(ids: readonly string[]): void {
    if (ids.length === 0) return;
    for (const id of ids) this.#needless.push(id);
    this.#forgetting ??= setTimeout(() => this.#flush('all'), NEEDLESS_MS);
  }

  /**
   * Sends what is here now. Backends wait for admittals, so those go without the ends, which are most of the work for this process and
   * for Redis.
   */
  #flush(what: 'all' | 'admittals'): void {
    if (what === 'all') {
      clearImmediate(this.#scheduled);
      this.#scheduled = undefined;
      clearTimeout(this.#forgetting);
      this.#forgetting = undefined;
    }
    while (this.#admittals.length > 0 || (what === 'all' && this.#endings.length + this.#needless.length > 0)) {
      const admittals = this.#admittals.splice(0, MOST);
      const endings = what === 'all' ? this.#endings.splice(0, MOST - admittals.length) : [];
      const needless = what === 'all' ? this.#needless.splice(0, MOST) : [];
      const work = this.#send(admittals, endings, needless).finally(() => this.#underWay.delete(work));
      this.#underWay.add(work);
    }
  }

  #tellLate(): void {
    const until = performance.now() - LATE_MS;
    for (const noting of this.#late) if (noting.since <= until) this.#take(noting);
    this.#late = this.#late.filter(({ told }) => !told);
    this.#timer = this.#late.length > 0 ? setTimeout(() => this.#tellLate(), LATE_MS / 2) : undefined;
    this.#flush('admittals');
  }

  /** PostgreSQL was told of all calls under way, and has the rows of those that ended. */
  published(): void {
    release(this.#unsure.splice(0));
  }

  /** Tells nobody any more, as a process that is killed. */
  vanish(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#forgetting);
  }

  /** Resolves when Redis has answered to everything. */
  async drain(): Promise<void> {
    for (const noting of this.#late) this.#take(noting);
    this.#flush('all');
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** @param needless What another epoch, or a failure, keeps from being forgotten went with its journal, or is found by the recovery. */
  async #send(
    allAdmittals: readonly Noting[],
    allEndings: readonly Ending[],
    needless: readonly string[],
  ): Promise<void> {
    const { budgets, epoch, onMismatch, onBroken } = this.#options;
    const at = epoch();
    const { generation } = budgets;
    // Of an earlier epoch, PostgreSQL was told. Of an earlier generation, the end of a call is told by itself.
    const admittals = allAdmittals.filter(
      (each) => each.generation === generation || (each.generation.startsWith(`${at}.`) && isOpen(each)),
    );
    const endings = allEndings.filter((each) => each.generation === generation);
    if (admittals.length < allAdmittals.length) release(allAdmittals.filter((each) => !admittals.includes(each)));
    for (const each of allEndings) if (each.generation !== generation) each.onAnswer(false);
    if (admittals.length + endings.length + needless.length === 0) return;
    let answer: Awaited<ReturnType<RedisBudgets['note']>> | undefined;
    try {
      answer = await budgets.note(at, notesOf(at, generation, admittals, endings, needless));
      for (const { onAnswer } of endings) onAnswer(answer === 'done');
      if (answer === 'swept') {
        // The credit is gone with the journal. Calls that are under way all the same have to be known.
        await this.begin(at, generation);
        const open = admittals.filter(isOpen);
        answer = open.length === 0 ? 'done' : await budgets.note(at, notesOf(at, budgets.generation, open, [], []));
      }
      // Admittals are told to PostgreSQL before the next epoch begins.
      if (answer === 'done') release(admittals);
      else {
        this.#unsure.push(...admittals);
        onMismatch();
      }
    } catch (error) {
      this.#unsure.push(...admittals);
      // What was to be forgotten says nothing of any number.
      if (admittals.length + endings.length > 0) onBroken(error);
      if (answer === undefined) for (const { onAnswer } of endings) onAnswer(false);
    }
  }

  /** Begins a new generation in the same epoch, once: this replica was taken for dead in the given one. */
  begin(epoch: string, swept: string): Promise<void> {
    const { budgets } = this.#options;
    if (budgets.generation !== swept) return Promise.resolve();
    this.#beginning ??= budgets.begin(epoch, false).finally(() => {
      this.#beginning = undefined;
    });
    return this.#beginning;
  }
}

/** What the client of Redis was given in this turn of the event loop: it writes that before it comes to what is set here. */
class Handed implements Noted {
  written = false;
  #waiting: (() => void)[] = [];

  constructor() {
    setImmediate(() => {
      this.written = true;
      for (const resolve of this.#waiting) resolve();
    });
  }

  whenWritten(): Promise<void> {
    return this.written ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** Whether the call is still under way. */
function isOpen({ call }: Admittal): boolean {
  return call.slot !== -1;
}

/** Somebody else knows of them. */
function release(notings: readonly Noting[]): void {
  for (const { ahead } of notings) ahead?.release();
}

/** @param generation The one in which it is told: what was taken as credit in an earlier one is not reserved any more. */
function notesOf(
  epoch: string,
  generation: string,
  admittals: readonly Admittal[],
  endings: readonly Ending[],
  needless: readonly string[],
): Notes {
  const budgets = new Map<string, BudgetChange>();
  const entries: string[] = [];
  const removed = [...needless];
  const change = (user: string): BudgetChange => {
    let found = budgets.get(user);
    if (!found) {
      found = { reserved: 0, credits: new Map(), costs: new Map() };
      budgets.set(user, found);
    }
    return found;
  };
  const ended = new Set(endings.map(({ id }) => id));
  for (const { id, generation: taken, user, at, amountNanoUsd, credit, entry } of admittals) {
    if (!ended.has(id)) entries.push(id, `R${epoch}|${amountNanoUsd}|${at}|${entry}`);
    if (amountNanoUsd === 0) continue;
    const changed = change(user);
    if (taken === generation) changed.credits.set(credit, (changed.credits.get(credit) ?? 0) + amountNanoUsd);
    else changed.reserved += amountNanoUsd;
  }
  for (const { id, user, at, amountNanoUsd, costNanoUsd, row, marked } of endings) {
    entries.push(id, `S${row}`);
    if (marked) removed.push(`${id}!`);
    if (amountNanoUsd === 0 && costNanoUsd === 0) continue;
    const changed = change(user);
    changed.reserved -= amountNanoUsd;
    if (costNanoUsd === 0) continue;
    const day = Math.floor(at / 86_400_000) * 86_400_000;
    changed.costs.set(day, (changed.costs.get(day) ?? 0) + costNanoUsd);
  }
  return { budgets, removed, entries };
}
