import { Counter, Gauge, type Registry } from 'prom-client';
import { TalliedCounter } from '../tally.ts';

/** What is counted about limits, budgets, cache and ledger. Labels take their values from configuration, never from a request. */
export interface AccountingMetrics {
  readonly budgetRejections: Counter<'user_tier' | 'period'>;
  readonly rateLimitRejections: Counter<'user_tier' | 'route'>;
  readonly cacheRequests: Counter<'result'>;
  readonly usageRequests: TalliedCounter<'user_tier'>;
  readonly ledgerRows: Counter<'outcome'>;
  readonly ledgerPending: Gauge;
}

/** Adds the metrics to a registry. */
export function createAccountingMetrics(registry: Registry): AccountingMetrics {
  const registers = [registry];
  return {
    budgetRejections: new Counter({
      name: 'budget_rejections_total',
      help: 'Calls refused because a budget had no room.',
      labelNames: ['user_tier', 'period'],
      registers,
    }),
    rateLimitRejections: new Counter({
      name: 'rate_limit_rejections_total',
      help: 'Requests refused because there were too many.',
      labelNames: ['user_tier', 'route'],
      registers,
    }),
    cacheRequests: new Counter({
      name: 'cache_requests_total',
      help: 'Calls that asked the response cache, by result: hit, semantic_hit, miss or error.',
      labelNames: ['result'],
      registers,
    }),
    usageRequests: new TalliedCounter({
      name: 'usage_requests_total',
      help: 'Requests of callers, by the tier of the user.',
      labelNames: ['user_tier'],
      registers,
    }),
    ledgerRows: new Counter({
      name: 'ledger_rows_total',
      help: 'Rows of the ledger that this replica wrote: of its own calls (settled), and of calls of replicas that died (lost).',
      labelNames: ['outcome'],
      registers,
    }),
    ledgerPending: new Gauge({
      name: 'ledger_pending_rows',
      help: 'Rows of the ledger that are not in PostgreSQL yet.',
      registers,
    }),
  };
}
