import type { RunMetrics, SampleResult } from './types.ts';

/** What the results of a run add up to. */
export function summarise(
  results: readonly SampleResult[],
  samples: number,
  accuracyBy: RunMetrics['accuracy_by'],
): RunMetrics {
  const answered = new Set(results.filter(({ output }) => output !== undefined).map(({ position }) => position));
  const latencies = results
    .filter(({ output }) => output !== undefined)
    .map(({ latencyMs }) => latencyMs)
    .sort((a, b) => a - b);
  const sum = (of: (result: SampleResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const accuracy = accuracyOf(results);
  const models = [...new Set(results.map(({ model }) => model))];
  return {
    samples,
    error_rate: samples === 0 ? 0 : round((samples - answered.size) / samples),
    accuracy,
    accuracy_by: accuracy === null ? null : accuracyBy,
    p50_latency_ms: percentile(latencies, 0.5),
    p95_latency_ms: percentile(latencies, 0.95),
    prompt_tokens: sum(({ promptTokens }) => promptTokens),
    completion_tokens: sum(({ completionTokens }) => completionTokens),
    cost_usd: sum(({ costNanoUsd }) => costNanoUsd) / 1e9,
    by_model: Object.fromEntries(
      models.map((model) => {
        const own = results.filter((result) => result.model === model);
        const errors = own.filter(({ error }) => error !== undefined).length;
        return [model, { answers: own.length - errors, errors, accuracy: accuracyOf(own) }];
      }),
    ),
  };
}

/** The mean of the scores there are; an answer that nobody judged counts for nothing. */
function accuracyOf(results: readonly SampleResult[]): number | null {
  const scores = results.flatMap(({ score }) => (score === undefined ? [] : [score]));
  return scores.length === 0 ? null : round(scores.reduce((sum, score) => sum + score, 0) / scores.length);
}

/** The nearest rank. @param sorted ascending */
export function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
