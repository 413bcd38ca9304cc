import type { PostgresLedger } from '../ledger/postgres-ledger.ts';
import type { Recovery } from '../ledger/recovery.ts';
import type { Coordination, Participant } from '../limits/coordination.ts';
import type { LocalRates } from '../limits/local-rates.ts';
import type { RedisBudgets } from '../stores/redis/budgets.ts';
import type { Alone } from './alone.ts';
import type { Settling } from './settling.ts';
import type { Work } from './work.ts';

export interface ParticipationOptions {
  readonly replica: string;
  readonly coordination: Coordination;
  readonly budgets: RedisBudgets | undefined;
  readonly ledger: PostgresLedger | undefined;
  readonly rates: LocalRates;
  readonly settling: Settling;
  readonly recovery: Recovery;
  readonly alone: Alone;
  readonly work: Work;
  /** What the maintenance mode shares with the other replicas. */
  readonly shared: Pick<Participant, 'maintenance' | 'heard'> | undefined;
}

/** This replica's part in an epoch: whom it tells of the calls and requests that it let through, when Redis goes and when it comes back. */
export class Participation implements Participant {
  readonly #options: ParticipationOptions;
  /** Whether PostgreSQL knows that this replica does not rely on Redis. */
  #told = true;
  #telling = false;

  constructor(options: ParticipationOptions) {
    this.#options = options;
  }

  lost(): void {
    this.#told = false;
    this.tell();
  }

  async join(epoch: string): Promise<void> {
    const { recovery, settling, ledger, replica, budgets, rates, alone } = this.#options;
    await recovery.salvage();
    const now = Date.now();
    await settling.publish();
    // Without PostgreSQL nobody can be told, and nobody can reserve there.
    await ledger?.seen(replica, true).catch(() => undefined);
    // The journal told of an earlier epoch; what was in it is in PostgreSQL now.
    await budgets?.begin(epoch, true);
    for (const { key, windowMs, times } of rates.entries(now)) await budgets?.recall(epoch, key, windowMs, times);
    alone.coordinated();
  }

  died(replicas: readonly string[]): void {
    const { work, recovery } = this.#options;
    work.track(recovery.sweep(replicas));
  }

  maintenance(): { readonly version: number; readonly state: string } {
    return this.#options.shared?.maintenance() ?? { version: 0, state: '' };
  }

  heard(version: number, state: string): void {
    this.#options.shared?.heard(version, state);
  }

  /** Tells PostgreSQL that Redis is gone. Called again and again: it does nothing once PostgreSQL has heard. */
  tell(): void {
    const { coordination, work } = this.#options;
    if (this.#told || this.#telling || coordination.state !== 'down') return;
    this.#telling = true;
    work.track(this.#publish().finally(() => (this.#telling = false)));
  }

  async #publish(): Promise<void> {
    const { settling, ledger, replica, rates, coordination } = this.#options;
    const now = Date.now();
    await settling.publish();
    const used = [...rates.entries(now)].map(({ key, times }): [string, number] => [key, times.length]);
    await ledger?.publishRates(replica, new Map(used));
    // Last: from here on the others may let PostgreSQL reserve. Unless Redis came back meanwhile.
    if (coordination.state !== 'down') return;
    await ledger?.seen(replica, false);
    this.#told = true;
  }
}
