import { randomUUID } from 'node:crypto';
import type { Identity } from '../auth/identity.ts';
import { AppError } from '../errors/app-error.ts';
import { describeError } from '../errors/describe.ts';
import type { Admission, AdmissionPolicy, Permit, Settlement } from '../gateway/admission.ts';
import type { GatewayCall, Target } from '../gateway/call.ts';
import type { PostgresLedger } from '../ledger/postgres-ledger.ts';
import { Recovery } from '../ledger/recovery.ts';
import { factsOf, settledRow } from '../ledger/row.ts';
import { LedgerWriter } from '../ledger/writer.ts';
import type { AccountingMetrics } from '../limits/accounting-metrics.ts';
import { Coordination, type Participant } from '../limits/coordination.ts';
import { LocalRates } from '../limits/local-rates.ts';
import { type Policy, type Rate, rateOf, type TierPolicy } from '../limits/policy.ts';
import { type RateState, rateHeaders } from '../limits/rate-state.ts';
import type { Logger } from '../logging.ts';
import { type Admitted, RedisBudgets } from '../stores/redis/budgets.ts';
import type { RedisConnection } from '../stores/redis/connection.ts';
import { Alone, type Question } from './alone.ts';
import { journalText, type OpenCall, reservationOf, targetOf, targetText } from './open-calls.ts';
import { type FullBudget, noRoom, tooMany, unavailable } from './refusals.ts';

export interface AccountingOptions {
  readonly policy: Policy;
  /** undefined: this replica is the only one, and limits are its own */
  readonly redis: RedisConnection | undefined;
  /** undefined: no ledger, and budgets that Redis alone remembers */
  readonly ledger: PostgresLedger | undefined;
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

/** What came of a question whether a request may be made. */
export type Verdict =
  | { readonly kind: 'yes'; readonly rate: RateState | undefined; readonly at: number; readonly by: Decider }
  | { readonly kind: 'rate'; readonly rate: RateState }
  | { readonly kind: 'budget'; readonly rate: RateState | undefined; readonly full: FullBudget }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Who holds the reservation. */
export type Decider =
  | { readonly store: 'redis'; readonly epoch: string }
  | { readonly store: 'postgres' }
  | { readonly store: 'none' };

/** Routes whose calls ask `admit` themselves; the limit of all others is looked at before they run. */
export const ADMITTED_BY_GATEWAY: ReadonlySet<string> = new Set([
  '/v1/chat/completions',
  '/v1/messages',
  '/v1/embeddings',
]);

/**
 * Limits, budgets and ledger. In normal times a call costs one round trip to Redis before it (rate and reservation in one script)
 * and one after it, for which nobody waits; PostgreSQL gets rows in batches.
 */
export class Accounting implements AdmissionPolicy, Participant {
  readonly replica: string;
  readonly coordination: Coordination;
  readonly writer: LedgerWriter;
  readonly #options: AccountingOptions;
  readonly #open = new Map<string, OpenCall>();
  readonly #rates = new LocalRates();
  readonly #alone: Alone;
  readonly #recovery: Recovery;
  readonly #loading = new Map<string, Promise<void>>();
  readonly #working = new Set<Promise<unknown>>();
  /**
   * Calls that ended, and Redis has not answered yet that it knows; true: PostgreSQL has the row. Until Redis knows, its journal keeps
   * what they reserved: taken out with the row, that would stay reserved for good.
   */
  readonly #settling = new Map<string, boolean>();
  readonly #last = new Map<string, RateState & { readonly until: number }>();
  readonly #budgets: RedisBudgets | undefined;
  /** Whether PostgreSQL knows that this replica does not rely on Redis. */
  #told = true;
  #telling = false;
  #timers: NodeJS.Timeout[] = [];

  constructor(options: AccountingOptions) {
    this.#options = options;
    this.replica = options.replica ?? randomUUID();
    const { redis, ledger, log, metrics } = options;
    this.#budgets = redis && new RedisBudgets(redis, this.replica);
    this.coordination = new Coordination({
      redis,
      replica: this.replica,
      log,
      ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
    });
    this.writer = new LedgerWriter({
      // Without PostgreSQL there is no ledger; the metrics are all that there is.
      write: async (rows) => {
        await ledger?.write(rows);
        metrics.ledgerRows.inc({ outcome: 'settled' }, rows.length);
      },
      onWritten: (ids) => this.#forget(ids),
      log,
    });
    this.#alone = new Alone({
      coordination: this.coordination,
      ledger,
      rates: this.#rates,
      replica: this.replica,
      again: (question, round) => this.#ask(question, round),
    });
    this.#recovery = new Recovery({
      redis,
      ledger,
      coordination: this.coordination,
      log,
      onRows: (count) => metrics.ledgerRows.inc({ outcome: 'lost' }, count),
      knows: (id) => this.#open.has(id) || this.#settling.has(id) || this.writer.has(id),
      replica: this.replica,
    });
  }

  /** Starts signs of life, recovery and upkeep. */
  start(): void {
    this.coordination.start(this);
    this.#every(5_000, () => this.#recovery.routine());
    this.#every(1_000, async () => this.#tell());
    this.#every(60_000, async () => {
      this.#sweep(Date.now());
      await this.#recovery.upkeep(this.#options.policy.retentionMonths);
    });
    // The database may not be there yet, or not be migrated: the routine comes again soon.
    void this.#recovery.routine().catch(() => undefined);
  }

  /** Calls that were admitted and did not end yet. */
  get open(): number {
    return this.#open.size;
  }

  async admit(call: GatewayCall): Promise<Admission> {
    const { metrics, identify } = this.#options;
    const identity = identify(call.caller);
    const tier = this.tierOf(identity);
    const rated = ADMITTED_BY_GATEWAY.has(call.route);
    // Calls from inside the service are parts of a request that was counted when it came.
    if (rated) metrics.usageRequests.inc({ user_tier: tier.name });
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
    const verdict = await this.#ask(question);
    const headers = this.#headers(question, verdict);
    switch (verdict.kind) {
      case 'rate':
        return refusal(this.#tooMany(tier.name, call.route, verdict.rate), headers);
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
        const open: OpenCall = {
          facts,
          at: verdict.at,
          amountNanoUsd: call.estimate.costNanoUsd,
          epoch: verdict.by.store === 'redis' ? verdict.by.epoch : undefined,
          target,
          sent: false,
          published: verdict.by.store === 'postgres',
        };
        this.#open.set(call.id, open);
        return this.#permit(open, headers, call.straight === true);
      }
    }
  }

  /**
   * Whether a request to a route that makes no call of a model by itself is within the limit.
   *
   * @throws AppError `rate_limited` or `policy_unavailable`
   */
  async limit(identity: Identity, route: string): Promise<RateState> {
    const tier = this.tierOf(identity);
    this.#options.metrics.usageRequests.inc({ user_tier: tier.name });
    return await this.#limit(rateKey(identity.user, route), route, tier, rateOf(tier, route));
  }

  /** The same for a request without a valid token. */
  async limitAddress(address: string): Promise<RateState> {
    const { policy } = this.#options;
    const tier: TierPolicy = { ...this.#defaultTier(), name: 'none' };
    return await this.#limit(`@${address}`, 'unauthenticated', tier, policy.unauthenticated);
  }

  /** Where a caller stands, without a request being counted: what was last heard, else the whole limit. */
  peek(identity: Identity | null, route: string): RateState {
    if (!identity)
      return {
        limit: this.#options.policy.unauthenticated.requests,
        remaining: this.#options.policy.unauthenticated.requests,
        waitMs: 0,
      };
    const rate = rateOf(this.tierOf(identity), route);
    const now = Date.now();
    const last = this.#last.get(rateKey(identity.user, route));
    if (!last || last.until <= now) return { limit: rate.requests, remaining: rate.requests, waitMs: 0 };
    return { limit: last.limit, remaining: last.remaining, waitMs: last.until - now };
  }

  tierOf(identity: Pick<Identity, 'tier'>): TierPolicy {
    return this.#options.policy.tiers.get(identity.tier) ?? this.#defaultTier();
  }

  /** Resolves when everything that was settled is stored. */
  async drain(signal?: AbortSignal): Promise<void> {
    while (this.#working.size > 0 && !signal?.aborted) await Promise.allSettled([...this.#working]);
    await this.writer.drain(signal);
    while (this.#working.size > 0 && !signal?.aborted) await Promise.allSettled([...this.#working]);
  }

  /** Stops all that runs in the background; what is still open is left for the other replicas. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.writer.stop();
    await this.coordination.stop();
    if (this.#open.size === 0) await this.#options.ledger?.gone(this.replica).catch(() => undefined);
  }

  /** Stops at once and tells nobody, as a process that is killed: for tests. */
  vanish(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.writer.stop();
    this.coordination.vanish();
  }

  // What coordination tells

  lost(): void {
    this.#told = false;
    this.#tell();
  }

  async join(epoch: string): Promise<void> {
    await this.#recovery.salvage();
    await this.#publish(epoch, true);
    this.#alone.coordinated();
  }

  died(replicas: readonly string[]): void {
    this.#track(this.#recovery.sweep(replicas));
  }

  maintenance(): { version: number; state: string } {
    return this.#options.maintenance?.maintenance() ?? { version: 0, state: '' };
  }

  heard(version: number, state: string): void {
    this.#options.maintenance?.heard(version, state);
  }

  /** Asks whichever store may be relied on. */
  async #ask(question: Question, before = 0): Promise<Verdict> {
    const budgets = this.#budgets;
    const { tier, rate, rateKey: key } = question;
    for (let round = 0; round < 5; round += 1) {
      if (!budgets || this.coordination.state !== 'ready') break;
      const { epoch } = this.coordination;
      let answer: Admitted;
      try {
        answer = await budgets.admit(epoch, { ...question, limits: tier.budget });
      } catch {
        // Lost on the way: nobody knows whether it was counted, and the epoch ends with that.
        break;
      }
      switch (answer.kind) {
        case 'yes':
          if (rate) this.#rates.add(key, rate.windowSeconds * 1000, answer.now);
          return { kind: 'yes', rate: stateOf(rate, answer), at: answer.now, by: { store: 'redis', epoch } };
        case 'rate':
          return { kind: 'rate', rate: { limit: rate?.requests ?? 0, remaining: 0, waitMs: answer.waitMs } };
        case 'budget':
          if (rate) this.#rates.add(key, rate.windowSeconds * 1000, answer.now);
          return { kind: 'budget', rate: stateOf(rate, answer), full: { ...answer, at: answer.now } };
        case 'unknown user':
          try {
            await this.#load(budgets, question.user, answer.now);
          } catch (error) {
            return await this.#alone.withoutBoth(question, describeError(error));
          }
          continue;
        case 'another epoch':
          this.coordination.look();
          await this.coordination.change(250);
      }
    }
    return await this.#alone.decide(question, before);
  }

  /** Makes a user's budget in Redis from PostgreSQL; once at a time. */
  #load(budgets: RedisBudgets, user: string, now: number): Promise<void> {
    const running = this.#loading.get(user);
    if (running) return running;
    const { epoch } = this.coordination;
    const load = async () => budgets.load(epoch, user, now, await this.#options.ledger?.spending(user, now));
    const started = load().finally(() => this.#loading.delete(user));
    this.#loading.set(user, started);
    return started;
  }

  #permit(open: OpenCall, headers: Readonly<Record<string, string>>, noted: boolean): Permit {
    return {
      admitted: true,
      headers,
      sending: (next) => this.#sending(open, next, noted),
      settle: (settlement) => this.#settle(open, settlement),
      refund: () => this.#refund(open),
    };
  }

  /** @param noted The journal has it that the first backend is asked. */
  #sending(open: OpenCall, target: Target, noted: boolean): void {
    open.sent = true;
    const other = open.target.provider !== target.provider || open.target.model !== target.model;
    if (other) open.target = targetOf(target);
    if ((other || !noted) && !open.published && this.#holds(open))
      this.#budgets?.mark(open.facts.request_id, targetText(open.target)).catch(() => undefined);
  }

  /** Whether Redis has the reservation of a call, and can be relied on. */
  #holds({ epoch }: OpenCall): boolean {
    return epoch !== undefined && epoch === this.coordination.epoch && this.coordination.state === 'ready';
  }

  #settle(open: OpenCall, settlement: Settlement): void {
    const id = open.facts.request_id;
    const row = JSON.stringify(settledRow(open.facts, open.at, settlement));
    this.writer.add(id, row);
    this.#open.delete(id);
    this.#settling.set(id, false);
    this.#options.metrics.ledgerPending.set(this.writer.size);
    this.#track(this.#settleStores(open, settlement.costNanoUsd, row));
  }

  async #settleStores(open: OpenCall, costNanoUsd: number, row: string): Promise<void> {
    const id = open.facts.request_id;
    let told = false;
    try {
      told = await this.#tellRedis(open, costNanoUsd, row);
    } finally {
      const written = this.#settling.get(id);
      this.#settling.delete(id);
      // What Redis could not be told is found by the recovery.
      if (told && written) this.#forget([id]);
    }
  }

  /** @returns whether Redis keeps the end of the call in its journal now */
  async #tellRedis(open: OpenCall, costNanoUsd: number, row: string): Promise<boolean> {
    const { coordination } = this;
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

  async #runSettle(open: OpenCall, costNanoUsd: number, row: string, charge: boolean) {
    const { request_id: id, user_id: user } = open.facts;
    const answer = this.#budgets?.settle(this.coordination.epoch, { id, user, at: open.at, costNanoUsd, row, charge });
    return await (answer ?? Promise.resolve('done' as const)).catch(() => 'another epoch' as const);
  }

  #refund(open: OpenCall): void {
    const { request_id: id, user_id: user } = open.facts;
    this.#open.delete(id);
    const work = async () => {
      if (open.published) await this.#options.ledger?.release(id);
      if (this.coordination.state === 'ready') await this.#budgets?.refund(this.coordination.epoch, id, user);
    };
    // What fails here is found by the recovery: a reservation that nobody knows.
    this.#track(work().catch(() => undefined));
  }

  /** Tells PostgreSQL that Redis is gone, until it has heard. */
  #tell(): void {
    if (this.#told || this.#telling || this.coordination.state !== 'down') return;
    this.#telling = true;
    this.#track(this.#publish('', false).finally(() => (this.#telling = false)));
  }

  /** Tells PostgreSQL what is under way, and Redis (in a new epoch) which requests still count. */
  async #publish(epoch: string, joining: boolean): Promise<void> {
    const { ledger } = this.#options;
    const now = Date.now();
    const open = [...this.#open.values()].filter(({ published }) => !published);
    await this.writer.flush();
    await ledger?.publish(open.map(reservationOf));
    for (const call of open) {
      call.published = ledger !== undefined;
      // It may have ended while it was told: then its row is on the way, or there, and the reservation must go again.
      const id = call.facts.request_id;
      if (!this.#open.has(id) && ledger) {
        await this.writer.flush();
        await ledger.release(id);
      }
    }
    if (!joining) {
      const used = [...this.#rates.entries(now)].map(({ key, times }): [string, number] => [key, times.length]);
      await ledger?.publishRates(this.replica, new Map(used));
      // Last: from here on the others may let PostgreSQL reserve. Unless Redis came back meanwhile.
      if (this.coordination.state !== 'down') return;
      await ledger?.seen(this.replica, false);
      this.#told = true;
      return;
    }
    // Without PostgreSQL nobody can be told, and nobody can reserve there.
    await ledger?.seen(this.replica, true).catch(() => undefined);
    // The journal told of an earlier epoch; what was in it is in PostgreSQL now.
    await this.#budgets?.clearJournal();
    for (const { key, windowMs, times } of this.#rates.entries(now))
      await this.#budgets?.recall(epoch, key, windowMs, times);
  }

  /** Rows that PostgreSQL has need no journal, once Redis knows of the end of their calls. */
  #forget(ids: readonly string[]): void {
    this.#options.metrics.ledgerPending.set(this.writer.size);
    const known: string[] = [];
    for (const id of ids)
      if (this.#settling.has(id)) this.#settling.set(id, true);
      else known.push(id);
    if (this.coordination.state === 'ready') this.#budgets?.forget(known).catch(() => undefined);
  }

  async #limit(key: string, route: string, tier: TierPolicy, rate: Rate): Promise<RateState> {
    const verdict = await this.#ask({
      id: '',
      user: '',
      tier,
      route,
      rateKey: key,
      rate,
      amountNanoUsd: undefined,
      entry: '',
    });
    switch (verdict.kind) {
      case 'yes':
        return this.#remember(key, verdict.rate ?? { limit: rate.requests, remaining: rate.requests, waitMs: 0 });
      case 'rate':
        this.#remember(key, verdict.rate);
        throw this.#tooMany(tier.name, route, verdict.rate);
      case 'budget':
      case 'unknown':
        throw unavailable(verdict.kind === 'unknown' ? verdict.reason : 'budget');
    }
  }

  #headers(question: Question, verdict: Verdict): Record<string, string> {
    const state = verdict.kind === 'unknown' ? undefined : verdict.rate;
    if (!state) return {};
    this.#remember(question.rateKey, state);
    return rateHeaders(state);
  }

  #remember(key: string, state: RateState): RateState {
    this.#last.set(key, { ...state, until: Date.now() + state.waitMs });
    return state;
  }

  #tooMany(tier: string, route: string, rate: RateState): AppError {
    this.#options.metrics.rateLimitRejections.inc({ user_tier: tier, route });
    return tooMany(tier, rate);
  }

  #defaultTier(): TierPolicy {
    const { tiers, defaultTier } = this.#options.policy;
    const tier = tiers.get(defaultTier);
    if (!tier) throw new Error(`There is no tier "${defaultTier}".`);
    return tier;
  }

  #sweep(now: number): void {
    this.#rates.sweep(now);
    for (const [key, { until }] of this.#last) if (until <= now) this.#last.delete(key);
  }

  #every(ms: number, work: () => Promise<void>): void {
    const timer = setInterval(() => void work().catch(() => undefined), ms);
    timer.unref();
    this.#timers.push(timer);
  }

  #track(work: Promise<unknown>): void {
    const tracked = work
      .catch((error: unknown) => {
        this.#options.log.warn({ event: 'accounting_waiting', error: describeError(error) });
      })
      .finally(() => this.#working.delete(tracked));
    this.#working.add(tracked);
  }
}

/** Whose budget a call is charged to: the person whom a trusted front end names, else the token's. */
export function chargedUser(identity: Identity, endUser: string | undefined): string {
  if (endUser === undefined || !identity.roles.has('delegate')) return identity.user;
  return identity.tenant === 'default' ? endUser.slice(0, 128) : `${identity.tenant}/${endUser.slice(0, 128)}`;
}

/** Each endpoint is counted by itself. */
function rateKey(user: string, route: string): string {
  return `${user}:${route}`;
}

function refusal(error: AppError, headers: Readonly<Record<string, string>>): Admission {
  return { admitted: false, error, headers };
}

function stateOf(rate: Rate | undefined, found: { remaining: number; waitMs: number }): RateState | undefined {
  return rate && { limit: rate.requests, remaining: found.remaining, waitMs: found.waitMs };
}
