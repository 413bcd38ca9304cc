import { join } from 'node:path';
import type pg from 'pg';
import { Registry } from 'prom-client';
import type { Identity, Role } from '../../../../services/orchestrator/src/auth/identity.ts';
import { Accounting } from '../../../../services/orchestrator/src/budgets/accounting.ts';
import { SpendingReport } from '../../../../services/orchestrator/src/budgets/spending.ts';
import type { Admission, Permit, Settlement } from '../../../../services/orchestrator/src/gateway/admission.ts';
import type { GatewayCall, Target } from '../../../../services/orchestrator/src/gateway/call.ts';
import { PostgresLedger } from '../../../../services/orchestrator/src/ledger/postgres-ledger.ts';
import {
  type AccountingMetrics,
  createAccountingMetrics,
} from '../../../../services/orchestrator/src/limits/accounting-metrics.ts';
import { parsePolicy } from '../../../../services/orchestrator/src/limits/policy.ts';
import { Maintenance } from '../../../../services/orchestrator/src/maintenance/maintenance.ts';
import { migrate } from '../../../../services/orchestrator/src/stores/postgres/migrations.ts';
import { createPool } from '../../../../services/orchestrator/src/stores/postgres/pool.ts';
import { RedisBudgets } from '../../../../services/orchestrator/src/stores/redis/budgets.ts';
import { RedisConnection } from '../../../../services/orchestrator/src/stores/redis/connection.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { eventually } from '../../../support/processes.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Real stores, and replicas of the accounting over them, in one process. */
export class Bench {
  readonly redis: TestRedis;
  readonly postgres: TestPostgres;
  readonly pool: pg.Pool;
  readonly #replicas: Replica[] = [];

  private constructor(redis: TestRedis, postgres: TestPostgres) {
    this.redis = redis;
    this.postgres = postgres;
    this.pool = createPool(postgres.options);
  }

  static async start(): Promise<Bench> {
    const bench = new Bench(await startRedis(), await startPostgres());
    await migrate({
      postgres: bench.postgres.options,
      dir: join(import.meta.dirname, '../../../../services/orchestrator/migrations'),
    });
    return bench;
  }

  /** Replicas that agree with each other. */
  async replicas(count: number, policy: object, options: ReplicaOptions = {}): Promise<Replica[]> {
    const made = Array.from({ length: count }, () => new Replica(this, policy, options));
    this.#replicas.push(...made);
    for (const replica of made) replica.accounting.start();
    await eventually(() => {
      for (const { accounting } of made) if (accounting.coordination.state !== 'ready') throw new Error('not ready');
      if (made.some(({ accounting }) => accounting.coordination.replicas !== count)) throw new Error('not together');
    });
    return made;
  }

  /** Ends the replicas, and forgets everything. */
  async clear(): Promise<void> {
    await Promise.all(this.#replicas.splice(0).map((replica) => replica.stop()));
    // Empty, and there: a test may have killed it.
    await this.redis.kill();
    await this.redis.restart();
    await this.pool.query(
      'TRUNCATE accounting.ledger, accounting.budget_limits, accounting.reservations, accounting.replicas, accounting.rate_usage',
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#replicas.splice(0).map((replica) => replica.stop()));
    await this.pool.end();
    await this.postgres.stop();
    await this.redis.stop();
  }

  /** The rows of the ledger. */
  async ledger(): Promise<Record<string, unknown>[]> {
    return (await this.pool.query('SELECT * FROM accounting.ledger ORDER BY request_id')).rows;
  }
}

export interface ReplicaOptions {
  readonly leaseMs?: number;
  readonly roles?: readonly Role[];
}

/** One replica's accounting, and the calls that it makes. */
export class Replica {
  readonly accounting: Accounting;
  readonly spending: SpendingReport;
  readonly metrics: AccountingMetrics;
  readonly maintenance = new Maintenance();
  readonly registry = new Registry();
  readonly redis: RedisConnection;
  #stopped = false;

  constructor(bench: Bench, policy: object, options: ReplicaOptions) {
    const { policy: parsed, problems } = parsePolicy(JSON.stringify(policy));
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    this.metrics = createAccountingMetrics(this.registry);
    this.redis = new RedisConnection({ url: bench.redis.url, password: undefined });
    const ledger = new PostgresLedger(bench.pool);
    this.accounting = new Accounting({
      policy: parsed,
      redis: this.redis,
      ledger,
      identify: (caller) => identityOf(caller, options.roles),
      metrics: this.metrics,
      log: quiet,
      maintenance: this.maintenance,
      ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
    });
    this.spending = new SpendingReport({
      redis: new RedisBudgets(this.redis, this.accounting.replica),
      pool: bench.pool,
      ledger,
      coordination: this.accounting.coordination,
    });
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.accounting.drain(AbortSignal.timeout(5_000));
    await this.accounting.stop();
    this.redis.close();
  }

  /** Ends as a process that is killed: nothing is settled, nothing is told. */
  vanish(): void {
    this.#stopped = true;
    this.redis.close();
    this.accounting.vanish();
  }

  async admit(id: string, costNanoUsd: number, over: Partial<GatewayCall> = {}): Promise<Admission> {
    return await this.accounting.admit(callOf(id, costNanoUsd, over));
  }
}

/** The name of the token is the user, the tenant and, up to the first dash, the tier. */
export function identityOf(caller: string, roles: readonly Role[] = []): Identity {
  const tier = caller.split('-')[0] ?? '';
  return {
    caller,
    user: caller,
    tenant: caller,
    tier: ['standard', 'premium', 'enterprise'].includes(tier) ? tier : 'standard',
    roles: new Set(roles),
  };
}

export const target: Target = {
  provider: 'cloud',
  tier: 1,
  model: 'up-small',
  price: { input: 1, cachedInput: 1, output: 1 },
};

export function callOf(id: string, costNanoUsd: number, over: Partial<GatewayCall> = {}): GatewayCall {
  return {
    id,
    caller: 'standard-ada',
    endUser: undefined,
    endpoint: 'chat',
    route: '/v1/chat/completions',
    model: 'small',
    private: false,
    stream: false,
    request: { model: 'small', messages: [{ role: 'user', content: 'hello' }] },
    candidates: [target],
    estimate: { promptTokens: 10, completionTokens: 10, costNanoUsd },
    ...over,
  };
}

export function settlement(costNanoUsd: number, over: Partial<Settlement> = {}): Settlement {
  return {
    outcome: 'success',
    status: 200,
    target,
    attempts: 1,
    usage: { promptTokens: 11, completionTokens: 7, cachedTokens: 4, estimated: false },
    costNanoUsd,
    durationMs: 12.5,
    firstTokenMs: undefined,
    ...over,
  };
}

export function permits(admissions: readonly Admission[]): Permit[] {
  return admissions.filter((admission) => admission.admitted);
}
