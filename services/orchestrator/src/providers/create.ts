import type { Logger } from '../logging.ts';
import type { Metrics } from '../metrics.ts';
import type { BreakerOptions, BreakerState } from './breaker.ts';
import type { ProviderConfig } from './config.ts';
import { Providers } from './registry.ts';

const STATES: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };

/** The configured providers; a change of a breaker's state is logged, and seen in the metrics. */
export function createProviders(
  configs: readonly ProviderConfig[],
  metrics: Metrics,
  log: Logger,
  breaker: BreakerOptions = {},
): Providers {
  for (const { name } of configs) metrics.breakerState.set({ provider: name }, STATES.closed);
  return new Providers(configs, {
    breaker,
    onBreaker: (provider, state) => {
      metrics.breakerState.set({ provider }, STATES[state]);
      log[state === 'open' ? 'warn' : 'info']({ event: 'breaker', provider, state });
    },
  });
}
