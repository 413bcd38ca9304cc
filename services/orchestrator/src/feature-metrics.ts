import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Metrics of the feature sets. Labels take only values from configuration or code, never from a request. */
export interface FeatureMetrics {
  readonly similarityDuration: Histogram<'method'>;
  readonly embeddingLookups: Counter<'result'>;
  readonly biasExceeded: Counter<'attribute'>;
  readonly counterfactualQuality: Gauge<'attribute'>;
  readonly userRating: Gauge<'subject'>;
  readonly agentRuns: Counter<'status'>;
  readonly agentTools: Counter<'server' | 'outcome'>;
}

export function createFeatureMetrics(registry: Registry): FeatureMetrics {
  const registers = [registry];
  return {
    similarityDuration: new Histogram({
      name: 'similarity_duration_seconds',
      help: 'Time to compare texts, their embedding included.',
      labelNames: ['method'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5],
      registers,
    }),
    embeddingLookups: new Counter({
      name: 'similarity_embeddings_total',
      help: 'Texts that were compared, by whether their vector was known.',
      labelNames: ['result'],
      registers,
    }),
    biasExceeded: new Counter({
      name: 'bias_threshold_exceeded_total',
      help: 'Counterfactual variants that a model judged further from their text than the threshold.',
      labelNames: ['attribute'],
      registers,
    }),
    counterfactualQuality: new Gauge({
      name: 'counterfactual_quality_score',
      help: 'Quality of the last hundred variants of an attribute, 0 to 1.',
      labelNames: ['attribute'],
      aggregator: 'average',
      registers,
    }),
    userRating: new Gauge({
      name: 'user_rating_score',
      help: 'The mean of the last hundred ratings, 1 to 5.',
      // Without a label it would say 0 before anybody has rated.
      labelNames: ['subject'],
      aggregator: 'average',
      registers,
    }),
    agentRuns: new Counter({
      name: 'agent_runs_total',
      help: 'Tasks of agents, by how they ended.',
      labelNames: ['status'],
      registers,
    }),
    agentTools: new Counter({
      name: 'agent_tool_calls_total',
      help: 'Uses of tools by agents.',
      labelNames: ['server', 'outcome'],
      registers,
    }),
  };
}
