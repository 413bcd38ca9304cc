import { type Condition, Duration, type Severity } from '../../constructs/index.ts';

/** A threshold of a platform's guide. */
export interface WatchSpec {
  readonly component: string;
  readonly condition: Condition;
  /** How long it has to hold. */
  readonly for: Duration;
  readonly severity: Severity;
  /** How soon somebody has to look. */
  readonly respondWithin?: Duration;
}

/** How bad a threshold is, and how soon somebody has to look at it. The guides number these P0 to P2. */
interface Urgency {
  readonly severity: Severity;
  readonly respondWithin: Duration;
}

/** Thresholds of one urgency on one component: condition, and minutes for which it has to hold. */
function at(
  component: string,
  urgency: Urgency,
  ...conditions: readonly (readonly [condition: Condition, minutes: number])[]
): readonly WatchSpec[] {
  return conditions.map(([condition, minutes]) => ({
    component,
    condition,
    for: Duration.minutes(minutes),
    ...urgency,
  }));
}

const urgency = (severity: Severity, minutes: number): Urgency => ({
  severity,
  respondWithin: Duration.minutes(minutes),
});

/** What every platform watches of its nodes and their GPUs, where the environment has any. */
const nodes: readonly WatchSpec[] = [
  ...at('node-exporter', urgency('info', 120), [{ kind: 'disk', above: 0.8 }, 5]),
  ...at('dcgm-exporter', urgency('warning', 60), [{ kind: 'gpu-errors' }, 1]),
  ...at('dcgm-exporter', urgency('info', 120), [{ kind: 'gpu', above: 0.95 }, 30]),
];

/** The thresholds of the guide of qratum. */
export const qratumWatches: readonly WatchSpec[] = [
  ...nodes,
  ...at('orchestrator', urgency('critical', 15), [{ kind: 'unavailable' }, 2], [{ kind: 'errors', above: 0.05 }, 5]),
  ...at('model-server', urgency('critical', 15), [{ kind: 'unavailable' }, 2], [{ kind: 'errors', above: 0.05 }, 5]),
  ...at(
    'orchestrator',
    urgency('warning', 60),
    [{ kind: 'latency', aboveSeconds: 2 }, 10],
    [{ kind: 'refusals', abovePerSecond: 1 }, 5],
  ),
  ...at('embedder', urgency('warning', 60), [{ kind: 'inference', aboveSeconds: 1 }, 10]),
  ...at('redis-exporter', urgency('warning', 60), [{ kind: 'redis-memory', above: 0.9 }, 10]),
  ...at('postgres-exporter', urgency('warning', 60), [{ kind: 'connections', above: 0.8 }, 10]),
];

/** The thresholds of the guide of multi-agent-rag: an outage is answered at once, degradation within 15 minutes or an hour. */
export const multiAgentRagWatches: readonly WatchSpec[] = [
  ...nodes,
  ...at('orchestrator', urgency('critical', 5), [{ kind: 'unavailable' }, 1]),
  ...at('orchestrator', urgency('warning', 15), [{ kind: 'errors', above: 0.01 }, 10], [{ kind: 'provider' }, 5]),
  ...at(
    'orchestrator',
    urgency('info', 60),
    [{ kind: 'latency', aboveSeconds: 1 }, 30],
    [{ kind: 'memory', above: 0.9 }, 10],
    [{ kind: 'cost', aboveUsdPerHour: 10 }, 5],
    [{ kind: 'refusals', abovePerSecond: 1 }, 5],
  ),
  ...at('redis-exporter', urgency('warning', 15), [{ kind: 'redis-memory', above: 0.9 }, 10]),
  // The pool of the guide holds 50 connections, and more than 20 of them were a reason to look.
  ...at('postgres-exporter', urgency('warning', 15), [{ kind: 'connections', above: 0.8 }, 5]),
];

/** The thresholds of the guide of counterfactual-lab: critical ones within 15 minutes, warnings within an hour. */
export const counterfactualLabWatches: readonly WatchSpec[] = [
  ...nodes,
  ...at(
    'counterfactual-lab',
    urgency('critical', 15),
    [{ kind: 'unavailable' }, 1],
    [{ kind: 'errors', above: 0.05 }, 5],
    [{ kind: 'refusals', abovePerSecond: 5 }, 5],
  ),
  ...at(
    'counterfactual-lab',
    urgency('warning', 60),
    [{ kind: 'errors', above: 0.001 }, 30],
    [{ kind: 'latency', aboveSeconds: 10 }, 5],
    [{ kind: 'memory', above: 0.9 }, 10],
    [{ kind: 'bias', abovePerHour: 10 }, 5],
    [{ kind: 'quality', below: 0.7 }, 30],
    [{ kind: 'rating', below: 3 }, 60],
  ),
  ...at('model-engine', urgency('critical', 15), [{ kind: 'unavailable' }, 2]),
  ...at(
    'model-engine',
    urgency('warning', 60),
    [{ kind: 'inference', aboveSeconds: 10 }, 5],
    [{ kind: 'memory', above: 0.9 }, 10],
  ),
  ...at('redis-exporter', urgency('warning', 60), [{ kind: 'redis-memory', above: 0.9 }, 10]),
  ...at('postgres-exporter', urgency('warning', 60), [{ kind: 'connections', above: 0.8 }, 10]),
];

/** The thresholds of the guide of quantum-rerank: within 15 minutes, 30 minutes and two hours. */
export const quantumRerankWatches: readonly WatchSpec[] = [
  ...nodes,
  ...at(
    'quantum-rerank',
    urgency('critical', 15),
    [{ kind: 'unavailable' }, 5],
    [{ kind: 'errors', above: 0.1 }, 2],
    [{ kind: 'latency', aboveSeconds: 1 }, 5],
    [{ kind: 'memory', above: 0.9 }, 5],
  ),
  ...at(
    'quantum-rerank',
    urgency('warning', 30),
    [{ kind: 'latency', aboveSeconds: 0.5 }, 10],
    [{ kind: 'errors', above: 0.05 }, 5],
    [{ kind: 'cpu', above: 0.8 }, 15],
    [{ kind: 'cache-misses', above: 0.8 }, 10],
  ),
  ...at(
    'quantum-rerank',
    urgency('info', 120),
    [{ kind: 'latency', aboveSeconds: 0.2 }, 30],
    [{ kind: 'errors', above: 0.01 }, 30],
    [{ kind: 'memory', above: 0.7 }, 30],
    [{ kind: 'similarity', aboveSeconds: 0.1 }, 30],
    [{ kind: 'latency', aboveSeconds: 0.5, route: '/v1/batch-similarity' }, 30],
    [{ kind: 'refusals', abovePerSecond: 1 }, 5],
  ),
  ...at('redis-exporter', urgency('warning', 30), [{ kind: 'redis-memory', above: 0.9 }, 10]),
];

/** The thresholds of the guide of three-version: the stable version is paged for, the other two are looked at. */
export const threeVersionWatches: readonly WatchSpec[] = [
  ...nodes,
  ...at(
    'platform-v2-api',
    urgency('critical', 15),
    [{ kind: 'unavailable' }, 2],
    [{ kind: 'errors', above: 0.05 }, 5],
    [{ kind: 'latency', aboveSeconds: 5 }, 5],
  ),
  ...at(
    'platform-v2-api',
    urgency('warning', 60),
    [{ kind: 'latency', aboveSeconds: 2 }, 10],
    [{ kind: 'memory', above: 0.9 }, 10],
    [{ kind: 'provider' }, 5],
  ),
  ...at('platform-v1-api', urgency('info', 240), [{ kind: 'unavailable' }, 15], [{ kind: 'errors', above: 0.2 }, 15]),
  ...at('platform-v3-api', urgency('info', 240), [{ kind: 'unavailable' }, 15]),
  ...at('redis-exporter', urgency('warning', 60), [{ kind: 'redis-memory', above: 0.9 }, 10]),
  ...at('postgres-exporter', urgency('warning', 60), [{ kind: 'connections', above: 0.8 }, 10]),
];
