import type { Metrics } from '../metrics.ts';
import type { Outcome } from './admission.ts';
import type { Target, TokenUsage } from './call.ts';

type Labels = { readonly provider: string; readonly tier: string; readonly model: string };

/** Counts calls of language models. Labels are names of the configuration, so there is a bounded number of them. */
export class CallMetrics {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** A request to a backend failed; the call may yet succeed elsewhere. */
  failed(target: Pick<Target, 'provider' | 'tier' | 'model'>, outcome: Outcome): void {
    this.#metrics.llmRequests.inc({ ...labels(target), outcome });
  }

  ended(target: Target, outcome: Outcome, usage: TokenUsage | undefined, costNanoUsd: number): void {
    const named = labels(target);
    this.#metrics.llmRequests.inc({ ...named, outcome });
    if (!usage) return;
    this.#metrics.llmTokens.inc({ ...named, kind: 'prompt' }, usage.promptTokens);
    this.#metrics.llmTokens.inc({ ...named, kind: 'completion' }, usage.completionTokens);
    if (usage.cachedTokens > 0) this.#metrics.llmTokens.inc({ ...named, kind: 'cached' }, usage.cachedTokens);
    if (costNanoUsd > 0) this.#metrics.llmCost.inc(named, costNanoUsd / 1e9);
  }

  firstToken(target: Target, seconds: number): void {
    this.#metrics.llmFirstToken.observe(labels(target), seconds);
  }
}

function labels({ provider, tier, model }: Pick<Target, 'provider' | 'tier' | 'model'>): Labels {
  return { provider, tier: String(tier), model };
}
