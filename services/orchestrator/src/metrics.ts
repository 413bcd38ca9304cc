import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { TalliedCounter, TalliedHistogram } from './tally.ts';

/** Every metric of the service. Labels take only values from configuration or code, never from a request. */
export interface Metrics {
  readonly registry: Registry;
  readonly httpRequests: TalliedCounter<'method' | 'route' | 'status'>;
  readonly httpDuration: TalliedHistogram<'method' | 'route'>;
  readonly retrievalDuration: Histogram;
  readonly answers: Counter<'mode'>;
  readonly passagesWritten: Counter;
  readonly vectorsRestored: Counter;
  readonly llmRequests: TalliedCounter<'provider' | 'tier' | 'model' | 'outcome'>;
  readonly llmTokens: TalliedCounter<'provider' | 'tier' | 'model' | 'kind'>;
  readonly llmCost: TalliedCounter<'provider' | 'tier' | 'model'>;
  readonly breakerState: Gauge<'provider'>;
  readonly llmFirstToken: Histogram<'provider' | 'tier' | 'model'>;
  readonly dependencyUp: Gauge<'dependency'>;
  readonly dependencyLatency: Gauge<'dependency'>;
}

/** Makes a registry of its own, so that two apps in one process (as in tests) do not share counts. */
export function createMetrics(options: { readonly processMetrics: boolean } = { processMetrics: false }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  return {
    registry,
    httpRequests: new TalliedCounter({
      name: 'http_requests_total',
      help: 'Requests answered, by route pattern and status.',
      labelNames: ['method', 'route', 'status'],
      registers,
    }),
    httpDuration: new TalliedHistogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the request to the end of its answer.',
      labelNames: ['method', 'route'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    retrievalDuration: new Histogram({
      name: 'rag_retrieval_duration_seconds',
      help: 'Time to find the passages for a question, its embedding included.',
      buckets: [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2.5, 5],
      registers,
    }),
    answers: new Counter({
      name: 'rag_answers_total',
      help: 'Answered questions, by how the answer was made (none: no document covers it).',
      labelNames: ['mode'],
      registers,
    }),
    passagesWritten: new Counter({
      name: 'rag_passages_written_total',
      help: 'Passages embedded and stored.',
      registers,
    }),
    vectorsRestored: new Counter({
      name: 'rag_vectors_restored_total',
      help: 'Vectors made again from the documents because the vector store lacked them.',
      registers,
    }),
    llmRequests: new TalliedCounter({
      name: 'llm_requests_total',
      help: 'Requests to providers of language models, by how they ended.',
      labelNames: ['provider', 'tier', 'model', 'outcome'],
      registers,
    }),
    llmTokens: new TalliedCounter({
      name: 'llm_tokens_total',
      help: 'Tokens that providers reported; cached ones are among those of the prompt.',
      labelNames: ['provider', 'tier', 'model', 'kind'],
      registers,
    }),
    llmCost: new TalliedCounter({
      name: 'llm_cost_usd_total',
      help: 'What calls cost by the configured prices, in US dollars.',
      labelNames: ['provider', 'tier', 'model'],
      registers,
    }),
    breakerState: new Gauge({
      name: 'provider_breaker_state',
      help: 'Whether calls go to a provider: 0 closed (they do), 1 half-open (one does, to see), 2 open (they do not).',
      labelNames: ['provider'],
      aggregator: 'max',
      registers,
    }),
    llmFirstToken: new Histogram({
      name: 'llm_time_to_first_token_seconds',
      help: 'Time from the call to the first content of a stream.',
      labelNames: ['provider', 'tier', 'model'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    dependencyUp: new Gauge({
      name: 'dependency_up',
      help: 'Whether a dependency answered the last check.',
      labelNames: ['dependency'],
      aggregator: 'min',
      registers,
    }),
    dependencyLatency: new Gauge({
      name: 'dependency_latency_seconds',
      help: 'How long the last check of a dependency took.',
      labelNames: ['dependency'],
      aggregator: 'max',
      registers,
    }),
  };
}
