import type pg from 'pg';
import { AuditLog } from '../audit/audit-log.ts';
import type { Tokens } from '../auth/tokens.ts';
import { RedisCache } from '../cache/redis-cache.ts';
import { noCache, type ResponseCache } from '../gateway/response-cache.ts';
import { PostgresLedger } from '../ledger/postgres-ledger.ts';
import { type AccountingMetrics, createAccountingMetrics } from '../limits/accounting-metrics.ts';
import type { Policy } from '../limits/policy.ts';
import type { Logger } from '../logging.ts';
import { Maintenance } from '../maintenance/maintenance.ts';
import type { Metrics } from '../metrics.ts';
import type { Embedder } from '../ports/embedder.ts';
import { RedisBudgets } from '../stores/redis/budgets.ts';
import { RedisConnection, type RedisOptions } from '../stores/redis/connection.ts';
import { Accounting } from './accounting.ts';
import { SpendingReport } from './spending.ts';

export interface AccountingSetup {
  readonly policy: Policy;
  readonly tokens: Tokens;
  readonly redis: RedisOptions | undefined;
  readonly pool: pg.Pool | undefined;
  /** A folder on this machine that outlives the process. */
  readonly aheadFolder: string | undefined;
  /** For the semantic cache. */
  readonly embedder: Embedder | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Everything about limits, budgets, ledger, cache, audit and maintenance, put together. */
export interface AccountingParts {
  readonly accounting: Accounting;
  readonly spending: SpendingReport;
  readonly tokens: Tokens;
  readonly audit: AuditLog;
  readonly maintenance: Maintenance;
  readonly cache: ResponseCache;
  readonly metrics: AccountingMetrics;
  /** undefined without Redis */
  readonly redis: RedisConnection | undefined;
  start(): void;
  /** After the last call ended and the gateway was drained. */
  stop(): Promise<void>;
}

/** Puts it together. Nothing talks to a store before `start`. */
export function createAccounting(setup: AccountingSetup): AccountingParts {
  const { policy, tokens, pool, aheadFolder, log, embedder } = setup;
  const metrics = createAccountingMetrics(setup.metrics.registry);
  const redis = setup.redis && new RedisConnection(setup.redis);
  const ledger = pool && new PostgresLedger(pool);
  const maintenance = new Maintenance();
  const accounting = new Accounting({
    policy,
    redis,
    ledger,
    aheadFolder,
    identify: (caller) => tokens.byCaller(caller),
    metrics,
    log,
    maintenance,
  });
  const spending = new SpendingReport({
    redis: redis && new RedisBudgets(redis, accounting.replica),
    pool,
    ledger,
    coordination: accounting.coordination,
  });
  const audit = new AuditLog(pool, log);
  const caches = policy.cache.exact !== undefined || policy.cache.semantic !== undefined;
  // A connection of its own: answers are large, and an admission must not wait behind one.
  const cacheRedis = caches && setup.redis ? new RedisConnection(setup.redis) : undefined;
  const cache = cacheRedis
    ? new RedisCache({
        redis: cacheRedis,
        policy: policy.cache,
        tenantOf: (caller) => tokens.byCaller(caller).tenant,
        embedder,
        metrics,
      })
    : noCache;
  let telling: NodeJS.Timeout | undefined;
  return {
    accounting,
    spending,
    tokens,
    audit,
    maintenance,
    cache,
    metrics,
    redis,
    start() {
      accounting.start();
      void cacheRedis?.connect().catch(() => undefined);
      telling = setInterval(() => void spending.tell(), 1_000);
      telling.unref();
    },
    async stop() {
      clearInterval(telling);
      await accounting.drain();
      await audit.drain();
      await accounting.stop();
      redis?.close();
      cacheRedis?.close();
    },
  };
}
