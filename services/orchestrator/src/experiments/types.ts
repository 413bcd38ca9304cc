/** Which model answers a sample. */
export const ROUTING_STRATEGIES = ['primary', 'secondary', 'fallback', 'split', 'both'] as const;

/**
 * - `primary`, `secondary`: that model alone.
 * - `fallback`: the primary model, and the secondary one where it fails.
 * - `split`: the two take turns.
 * - `both`: each sample is answered by both, to compare them.
 */
export type RoutingStrategy = (typeof ROUTING_STRATEGIES)[number];

export const STATUSES = ['created', 'running', 'completed', 'failed', 'promoted', 'quarantined'] as const;

export type ExperimentStatus = (typeof STATUSES)[number];

/** What has to be reached for a promotion. */
export interface Criteria {
  /** Share of right answers, 0..1. */
  readonly min_accuracy: number;
  /** Share of samples that no model answered, 0..1. */
  readonly max_error_rate: number;
  readonly max_p95_latency_ms: number;
  /** For one sample, in US dollars. */
  readonly max_cost_usd_per_sample: number;
}

/** The accuracy is the three-version guide's; the others are what a person who waits for an answer puts up with. */
export const DEFAULT_CRITERIA: Criteria = {
  min_accuracy: 0.95,
  max_error_rate: 0.02,
  max_p95_latency_ms: 10_000,
  max_cost_usd_per_sample: 0.1,
};

/** What was asked for. */
export interface NewExperiment {
  readonly name: string;
  readonly description: string;
  readonly primaryModel: string;
  readonly secondaryModel: string | undefined;
  readonly promptTemplate: string;
  readonly routingStrategy: RoutingStrategy;
  readonly tags: readonly string[];
  readonly criteria: Criteria;
}

export interface Experiment extends NewExperiment {
  readonly id: string;
  readonly status: ExperimentStatus;
  /** Of the last run that completed. */
  readonly metrics: RunMetrics | undefined;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** One answer of one model. */
export interface SampleResult {
  readonly position: number;
  readonly model: string;
  readonly output: string | undefined;
  /** The code of the error, where there is no answer. */
  readonly error: string | undefined;
  /** How right it is, 0..1; undefined: nobody could say. */
  readonly score: number | undefined;
  readonly latencyMs: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly costNanoUsd: number;
}

export interface RunMetrics {
  readonly samples: number;
  /** Share of samples without any answer. */
  readonly error_rate: number;
  /** The mean score; null: nothing to compare with. */
  readonly accuracy: number | null;
  /** What the accuracy is measured by. */
  readonly accuracy_by: 'expected' | 'judge' | null;
  readonly p50_latency_ms: number | null;
  readonly p95_latency_ms: number | null;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly cost_usd: number;
  readonly by_model: Readonly<
    Record<string, { readonly answers: number; readonly errors: number; readonly accuracy: number | null }>
  >;
}

export interface Run {
  readonly id: string;
  readonly status: 'running' | 'completed' | 'failed';
  readonly language: string | undefined;
  readonly samples: number;
  /** Samples that are done. */
  readonly done: number;
  readonly metrics: RunMetrics | undefined;
  readonly error: string | undefined;
  readonly startedAt: string;
  readonly finishedAt: string | undefined;
}
