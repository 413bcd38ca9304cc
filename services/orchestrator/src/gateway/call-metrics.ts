import type { Metrics } from '../metrics.ts';
import type { Series } from '../tally.ts';
import type { Outcome } from './admission.ts';
import type { Target, TokenUsage } from './call.ts';

type Counted = Pick<Target, 'provider' | 'tier' | 'model'>;

/** What is counted about one target. */
interface TargetSeries {
  /** By how they ended. */
  readonly requests: Map<Outcome, Series>;
  readonly prompt: Series;
  readonly completion: Series;
  readonly cached: Series;
  readonly cost: Series;
  readonly firstToken: { observe(seconds: number): void };
}

/** Counts calls of language models. Labels are names of the configuration, so there is a bounded number of them. */
export class CallMetrics {
  readonly #metrics: Metrics;
  readonly #targets = new Map<string, TargetSeries>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** A request to a backend failed; the call may yet succeed elsewhere. */
  failed(target: Counted, outcome: Outcome): void {
    this.#requests(target, this.#of(target), outcome).add();
  }

  ended(target: Counted, outcome: Outcome, usage: TokenUsage | undefined, costNanoUsd: number): void {
    const series = this.#of(target);
    this.#requests(target, series, outcome).add();
    if (!usage) return;
    series.prompt.add(usage.promptTokens);
    series.completion.add(usage.completionTokens);
    series.cached.add(usage.cachedTokens);
    series.cost.add(costNanoUsd / 1e9);
  }

  firstToken(target: Counted, seconds: number): void {
    this.#of(target).firstToken.observe(seconds);
  }

  #of(target: Counted): TargetSeries {
    const key = `${target.provider} ${target.tier} ${target.model}`;
    let found = this.#targets.get(key);
    if (!found) {
      const { llmTokens, llmCost, llmFirstToken } = this.#metrics;
      const labels = labelsOf(target);
      found = {
        requests: new Map(),
        prompt: llmTokens.series({ ...labels, kind: 'prompt' }),
        completion: llmTokens.series({ ...labels, kind: 'completion' }),
        cached: llmTokens.series({ ...labels, kind: 'cached' }),
        cost: llmCost.series(labels),
        firstToken: llmFirstToken.labels(labels),
      };
      this.#targets.set(key, found);
    }
    return found;
  }

  #requests(target: Counted, { requests }: TargetSeries, outcome: Outcome): Series {
    let found = requests.get(outcome);
    if (!found) {
      found = this.#metrics.llmRequests.series({ ...labelsOf(target), outcome });
      requests.set(outcome, found);
    }
    return found;
  }
}

function labelsOf({ provider, tier, model }: Counted) {
  return { provider, tier: String(tier), model };
}
