import {
  type Criteria,
  DEFAULT_CRITERIA,
  type Experiment,
  type ExperimentStatus,
  ROUTING_STRATEGIES,
  type Run,
  type RunMetrics,
  STATUSES,
} from './types.ts';

/** A row of `experiments_v1.experiments`. */
export interface ExperimentRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly primary_model: string;
  readonly secondary_model: string | null;
  readonly prompt_template: string;
  readonly routing_strategy: string;
  readonly tags: string[];
  readonly status: string;
  readonly metrics: Partial<RunMetrics>;
  readonly criteria: Partial<Criteria>;
  readonly tenant: string;
  readonly created_by: string;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** Its columns. */
export const EXPERIMENT = `id, name, description, primary_model, secondary_model, prompt_template, routing_strategy, tags,
  status, metrics, criteria, tenant, created_by, created_at, updated_at`;

export function experimentOf(row: ExperimentRow): Experiment {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    primaryModel: row.primary_model,
    secondaryModel: row.secondary_model ?? undefined,
    promptTemplate: row.prompt_template,
    routingStrategy: ROUTING_STRATEGIES.find((strategy) => strategy === row.routing_strategy) ?? 'primary',
    tags: row.tags,
    criteria: { ...DEFAULT_CRITERIA, ...row.criteria },
    status: statusOf(row.status),
    metrics: metricsOf(row.metrics),
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

/** A row of `experiments_v1.runs`, with how many samples are done. */
export interface RunRow {
  readonly id: string;
  readonly status: Run['status'];
  readonly language: string | null;
  readonly samples: number;
  readonly done: number;
  readonly metrics: Partial<RunMetrics>;
  readonly error: string | null;
  readonly started_at: Date;
  readonly finished_at: Date | null;
}

export function runOf(row: RunRow): Run {
  return {
    id: row.id,
    status: row.status,
    language: row.language ?? undefined,
    samples: row.samples,
    done: row.done,
    metrics: metricsOf(row.metrics),
    error: row.error ?? undefined,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString(),
  };
}

function statusOf(text: string): ExperimentStatus {
  const status = STATUSES.find((known) => known === text);
  if (!status) throw new TypeError(`an experiment has the unknown status ${text}`);
  return status;
}

/** An empty object stands for no metrics. What is there was written by this service. */
function metricsOf(metrics: Partial<RunMetrics>): RunMetrics | undefined {
  return metrics.samples === undefined ? undefined : (metrics as RunMetrics);
}
