import { randomUUID } from 'node:crypto';
import type { Identity } from '../auth/identity.ts';
import { AppError } from '../errors/app-error.ts';
import type { Admission, AdmissionPolicy } from '../gateway/admission.ts';
import type { GatewayCall } from '../gateway/call.ts';
import { LogRecovery } from '../ledger/log-recovery.ts';
import type { PostgresLedger } from '../ledger/postgres-ledger.ts';
import { Recovery } from '../ledger/recovery.ts';
import { type CallFacts, type CallTarget, factsOf } from '../ledger/row.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import type { AccountingMetrics } from '../limits/accounting-metrics.ts';
import { Coordination, type Participant } from '../limits/coordination.ts';
import { LocalRates } from '../limits/local-rates.ts';
import { type Policy, rateOf } from '../limits/policy.ts';
import { ADMITTED_BY_GATEWAY, RequestLimits, rateKey } from '../limits/request-limits.ts';
import type { Logger } from '../logging.ts';
import { RedisBudgets } from '../stores/redis/budgets.ts';
import type { RedisConnection } from '../stores/redis/connection.ts';
import { Alone } from './alone.ts';
import { Journal } from './journal.ts';
import { Leases } from './leases.ts';
import { journalText, type OpenCall, targetOf } from './open-calls.ts';
import { Participation } from './participation.ts';
import type { Question, Verdict } from './question.ts';
import { noRoom, unavailable } from './refusals.ts';
import { Settling } from './settling.ts';
import { Together } from './together.ts';
import { Work } from './work.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

export interface AccountingOptions {
  readonly policy: Policy;
  /** undefined: this replica is the only one, and limits are its own */
  readonly redis: RedisConnection | undefined;
  /** undefined: no ledger, and budgets that Redis alone remembers */
  readonly ledger: PostgresLedger | undefined;
  /** A folder on this machine that outlives the process; undefined: Redis is told of a call before its backend is asked */
  readonly aheadFolder?: string | undefined;
  /** Who is behind the name of a token. */
  readonly identify: (caller: string) => Identity;
  readonly metrics: AccountingMetrics;
  readonly log: Logger;
  /** What the maintenance mode shares with the other replicas. */
  readonly maintenance?: Pick<Participant, 'maintenance' | 'heard'>;
  /** @default a new name each time the process starts */
  readonly replica?: string;
  /** @default 5000 */
  readonly leaseMs?: number;
  /** How many rows may wait for PostgreSQL before further calls are refused. @default 50000 */
  readonly maxPending?: number;
}

/** A call on its way through the admission. */
interface Asked {
  readonly call: GatewayCall;
  readonly facts: CallFacts;
  readonly target: CallTarget;
  readonly question: Question;
}

/**
 * Limits, budgets and ledger. What can be decided here is: see `Leases`. Otherwise one script in Redis looks at rate and budgets and
 * reserves, before the call. What Redis has to know of calls it is told all together, and nobody waits for it: see `Journal`.
 * PostgreSQL gets rows in batches.
 */
export class Accounting implements AdmissionPolicy {
  readonly replica: string;
  readonly coordination: Coordination;
  readonly participation: Participation;
  readonly limits: RequestLimits;
  readonly #options: AccountingOptions;
  readonly #rates = new LocalRates();
  readonly #work: Work;
  readonly #alone: Alone;
  readonly #settling: Settling;
  /** undefined: there is no Redis */
  readonly #together: Together | undefined;
  readonly #recovery: Recovery;
  readonly #budgets: RedisBudgets | undefined;
  readonly #journal: Journal | undefined;
  readonly #ahead: WriteAheadLog | undefined;
  readonly #logRecovery: LogRecovery | undefined;
  readonly #leases: Leases | undefined;
  #timers: NodeJS.Timeout[] = [];

  constructor(options: AccountingOptions) {
    this.#options = options;
    this.replica = options.replica ?? randomUUID();
    const { redis, ledger, log, metrics, policy } = options;
    this.limits = new RequestLimits({
      policy,
      metrics,
      decide: (question) => this.#decide(question),
    });
    this.coordination = new Coordination({
      redis,
      replica: this.replica,
      log,
      ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
    });
    const { coordination, replica } = this;
    this.#work = new Work(log);
    this.#alone = new Alone({
      coordination,
      ledger,
      rates: this.#rates,
      replica,
      again: (question, round) => this.#ask(question, round),
    });
    const onRows = (count: number) => metrics.ledgerRows.inc({ outcome: 'lost' }, count);
    if (redis) {
      const budgets = new RedisBudgets(redis, replica);
      // What it has is for the ledger, so that without PostgreSQL it is of no use.
      const { aheadFolder: folder } = options;
      this.#ahead = folder === undefined || !ledger ? undefined : new WriteAheadLog({ folder, replica, log });
      const journal = new Journal({
        budgets,
        ahead: this.#ahead,
        epoch: () => coordination.epoch,
        onMismatch: () => coordination.look(),
        onBroken: (error) => coordination.distrust(error),
      });
      this.#budgets = budgets;
      this.#journal = journal;
      const leases = new Leases({ budgets, coordination, onSwept: (epoch, swept) => journal.begin(epoch, swept) });
      this.#leases = leases;
      this.#logRecovery =
        this.#ahead &&
        ledger &&
        new LogRecovery({ ahead: this.#ahead, redis, budgets, ledger, coordination, log, onRows });
      this.#together = new Together({
        budgets,
        journal,
        leases,
        coordination,
        ledger,
        rates: this.#rates,
        alone: this.#alone,
      });
    }
    this.#settling = new Settling({
      budgets: this.#budgets,
      journal: this.#journal,
      ahead: this.#ahead,
      ledger,
      coordination,
      metrics,
      work: this.#work,
      log,
    });
    this.#recovery = new Recovery({
      redis,
      ledger,
      coordination,
      log,
      onRows,
      known: () => this.#settling.known(),
      replica,
    });
    this.participation = new Participation({
      replica,
      coordination,
      budgets: this.#budgets,
      ledger,
      rates: this.#rates,
      settling: this.#settling,
      recovery: this.#recovery,
      alone: this.#alone,
      work: this.#work,
      shared: options.maintenance,
    });
  }

  get writer(): LedgerWriter {
    return this.#settling.writer;
  }

  /** Starts signs of life, recovery and upkeep. */
  start(): void {
    this.coordination.start(this.participation);
    this.#every(5_000, () => this.#recovery.routine());
    const logRecovery = this.#logRecovery;
    if (logRecovery) this.#every(2_000, () => logRecovery.routine());
    this.#every(1_000, async () => this.participation.tell());
    this.#every(60_000, async () => {
      this.#rates.sweep(Date.now());
      this.limits.sweep(Date.now());
      await this.#recovery.upkeep(this.#options.policy.retentionMonths);
    });
    // The database may not be there yet, or not be migrated: the routine comes again soon.
    void this.#recovery.routine().catch(() => undefined);
  }

  /** Calls that were admitted and did not end yet. */
  get open(): number {
    return this.#settling.open;
  }

  admit(call: GatewayCall): Admission | Promise<Admission> {
    const { identify } = this.#options;
    const identity = identify(call.caller);
    const tier = this.limits.tierOf(identity);
    const rated = ADMITTED_BY_GATEWAY.has(call.route);
    // Calls from inside the service are parts of a request that was counted when it came.
    if (rated) this.limits.count(tier.name);
    const user = chargedUser(identity, call.endUser);
    const facts = factsOf(call, identity, user, this.replica);
    const first = call.candidates[0];
    const target = first ? targetOf(first) : { provider: 'none', tier: 0, model: call.model };
    if (this.writer.size > (this.#options.maxPending ?? 50_000))
      return refusal(new AppError('policy_unavailable', { message: 'The ledger cannot be written.' }), {});
    const question: Question = {
      id: call.id,
      user,
      tier,
      route: call.route,
      rateKey: rateKey(user, call.route),
      rate: rated ? rateOf(tier, call.route) : undefined,
      amountNanoUsd: call.estimate.costNanoUsd,
      // A backend is asked right after the answer: saying so now saves a second command.
      entry: journalText({ facts, target, sent: call.straight === true }),
    };
    const asked: Asked = { call, facts, target, question };
    const verdict = this.#decide(question);
    return verdict instanceof Promise
      ? verdict.then((said) => this.#decided(asked, said))
      : this.#decided(asked, verdict);
  }

  #decided({ call, facts, target, question }: Asked, verdict: Verdict): Admission | Promise<Admission> {
    const { metrics } = this.#options;
    const { tier } = question;
    const headers = this.limits.headersOf(question, verdict);
    switch (verdict.kind) {
      case 'rate':
        return refusal(this.limits.tooMany(tier.name, call.route, verdict.rate), headers);
      case 'budget':
        metrics.budgetRejections.inc({ user_tier: tier.name, period: verdict.full.period });
        return refusal(noRoom(verdict.full, call.estimate.costNanoUsd), {
          ...headers,
          // Official clients repeat a 429 otherwise, and the budget is not back in a second.
          'x-should-retry': 'false',
        });
      case 'unknown':
        return refusal(unavailable(verdict.reason), headers);
      case 'yes': {
        const by = verdict.by.store === 'redis' ? verdict.by : undefined;
        const open: OpenCall = {
          slot: -1,
          facts,
          at: verdict.at,
          amountNanoUsd: call.estimate.costNanoUsd,
          epoch: by?.epoch,
          generation: by?.generation,
          target,
          sent: false,
          published: verdict.by.store === 'postgres',
          marked: false,
          admittal: undefined,
        };
        this.#settling.add(open);
        const note = by?.credit === undefined ? undefined : this.#note(question, open, by.generation, by.credit);
        const straight = call.straight === true;
        return note instanceof Promise
          ? note.then((noted) => this.#settling.permit(open, headers, { straight, noted }))
          : this.#settling.permit(open, headers, { straight, noted: note });
      }
    }
  }

  /** Resolves when everything that was settled is stored. */
  async drain(signal?: AbortSignal): Promise<void> {
    this.#settling.settle();
    await this.#journal?.drain();
    await this.#work.done(signal);
    await this.writer.drain(signal);
    await this.#work.done(signal);
    // What is stored now, the journal need not keep.
    await this.#journal?.drain();
  }

  /** Stops all that runs in the background; what is still open is left for the other replicas. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.writer.stop();
    await this.#leases?.stop();
    await this.coordination.stop();
    this.#ahead?.close();
    await this.#budgets?.end().catch(() => undefined);
    if (this.#settling.open === 0) await this.#options.ledger?.gone(this.replica).catch(() => undefined);
  }

  /** Stops at once and tells nobody, as a process that is killed: for tests. */
  vanish(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#settling.vanish();
    this.#journal?.vanish();
    this.writer.stop();
    this.#leases?.vanish();
    this.coordination.vanish();
  }

  /** Most are decided here, at once. */
  #decide(question: Question): Verdict | Promise<Verdict> {
    return this.#together?.take(question) ?? this.#ask(question);
  }

  /** Asks whichever store may be relied on. */
  #ask(question: Question, before = 0): Promise<Verdict> {
    return (this.#together ?? this.#alone).decide(question, before);
  }

  /** Tells the journal of a call that was admitted with credit. */
  #note({ id, user, entry }: Question, call: OpenCall, generation: string, credit: string) {
    const { at, amountNanoUsd } = call;
    return this.#journal?.admit({ id, generation, user, at, amountNanoUsd, credit, entry, call });
  }

  #every(ms: number, work: () => Promise<void>): void {
    const timer = setInterval(() => void work().catch(() => undefined), ms);
    timer.unref();
    this.#timers.push(timer);
  }
}

/** Whose budget a call is charged to: the person whom a trusted front end names, else the token's. */
export function chargedUser(identity: Identity, endUser: string | undefined): string {
  if (endUser === undefined || !identity.roles.has('delegate')) return identity.user;
  return identity.tenant === 'default' ? endUser.slice(0, 128) : `${identity.tenant}/${endUser.slice(0, 128)}`;
}

function refusal(error: AppError, headers: Readonly<Record<string, string>>): Admission {
  return { admitted: false, error, headers };
}
