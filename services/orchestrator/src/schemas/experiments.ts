import { type Static, Type } from '@sinclair/typebox';
import type { Check } from '../experiments/criteria.ts';
import {
  type Criteria,
  DEFAULT_CRITERIA,
  type Experiment,
  ROUTING_STRATEGIES,
  type Run,
  STATUSES,
} from '../experiments/types.ts';
import { Uuid } from './uuid.ts';

export const ExperimentId = Type.Object({ id: Uuid });

export const ModelName = Type.String({ minLength: 1, maxLength: 256, description: 'As GET /v1/models lists it' });

export const StrategySchema = Type.Union(ROUTING_STRATEGIES.map((strategy) => Type.Literal(strategy)));

export const StatusSchema = Type.Union(STATUSES.map((status) => Type.Literal(status)));

export const CriteriaSchema = Type.Object(
  {
    min_accuracy: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: DEFAULT_CRITERIA.min_accuracy })),
    max_error_rate: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: DEFAULT_CRITERIA.max_error_rate })),
    max_p95_latency_ms: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 3_600_000, default: DEFAULT_CRITERIA.max_p95_latency_ms }),
    ),
    max_cost_usd_per_sample: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1_000_000, default: DEFAULT_CRITERIA.max_cost_usd_per_sample }),
    ),
  },
  { additionalProperties: false, description: 'What has to be reached for a promotion' },
);

const Nullable = (description?: string) =>
  Type.Union([Type.Number(), Type.Null()], description === undefined ? {} : { description });

export const MetricsSchema = Type.Object({
  samples: Type.Integer(),
  error_rate: Type.Number(),
  accuracy: Nullable('null: there was nothing to compare with'),
  accuracy_by: Type.Union([Type.Literal('expected'), Type.Literal('judge'), Type.Null()]),
  p50_latency_ms: Nullable(),
  p95_latency_ms: Nullable(),
  prompt_tokens: Type.Number(),
  completion_tokens: Type.Number(),
  cost_usd: Type.Number(),
  by_model: Type.Record(
    Type.String(),
    Type.Object({ answers: Type.Integer(), errors: Type.Integer(), accuracy: Nullable() }),
  ),
});

export const ExperimentSchema = Type.Object({
  experiment_id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  primary_model: Type.String(),
  secondary_model: Type.Union([Type.String(), Type.Null()]),
  prompt_template: Type.String(),
  routing_strategy: StrategySchema,
  tags: Type.Array(Type.String()),
  success_criteria: Type.Object({
    min_accuracy: Type.Number(),
    max_error_rate: Type.Number(),
    max_p95_latency_ms: Type.Number(),
    max_cost_usd_per_sample: Type.Number(),
  }),
  status: StatusSchema,
  metrics: Type.Union([MetricsSchema, Type.Null()], { description: 'Of the last complete run' }),
  created_by: Type.String(),
  created_at: Type.String(),
  updated_at: Type.String(),
});

export const RunSchema = Type.Object({
  run_id: Type.String(),
  status: Type.Union([Type.Literal('running'), Type.Literal('completed'), Type.Literal('failed')]),
  language: Type.Union([Type.String(), Type.Null()]),
  samples: Type.Integer(),
  done: Type.Integer({ description: 'Samples that are answered' }),
  metrics: Type.Union([MetricsSchema, Type.Null()]),
  error: Type.Union([Type.String(), Type.Null()]),
  started_at: Type.String(),
  finished_at: Type.Union([Type.String(), Type.Null()]),
});

export const CheckSchema = Type.Object({
  criterion: Type.String(),
  metric: Type.String(),
  value: Nullable(),
  limit: Type.Number(),
  passed: Type.Boolean(),
});

export function experimentView(experiment: Experiment): Static<typeof ExperimentSchema> {
  return {
    experiment_id: experiment.id,
    name: experiment.name,
    description: experiment.description,
    primary_model: experiment.primaryModel,
    secondary_model: experiment.secondaryModel ?? null,
    prompt_template: experiment.promptTemplate,
    routing_strategy: experiment.routingStrategy,
    tags: [...experiment.tags],
    success_criteria: experiment.criteria,
    status: experiment.status,
    metrics: experiment.metrics ?? null,
    created_by: experiment.createdBy,
    created_at: experiment.createdAt,
    updated_at: experiment.updatedAt,
  };
}

export function runView(run: Run): Static<typeof RunSchema> {
  return {
    run_id: run.id,
    status: run.status,
    language: run.language ?? null,
    samples: run.samples,
    done: run.done,
    metrics: run.metrics ?? null,
    error: run.error ?? null,
    started_at: run.startedAt,
    finished_at: run.finishedAt ?? null,
  };
}

export function criteriaOf(given: Partial<Criteria> | undefined): Criteria {
  return { ...DEFAULT_CRITERIA, ...given };
}

export function checkViews(checks: readonly Check[]): Static<typeof CheckSchema>[] {
  return checks.map((check) => ({ ...check }));
}
