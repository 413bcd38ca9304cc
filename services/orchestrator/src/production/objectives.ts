/** What an endpoint promises. */
export interface Objective {
  /** The 95th percentile of the time to answer, in milliseconds. */
  readonly p95Ms: number;
  /** Share of requests that may fail (5xx), 0..1. */
  readonly errorRate: number;
}

/** For endpoints that nothing else is said about; the error rate is the one that the operations guides name as the target. */
export const DEFAULT_OBJECTIVE: Objective = { p95Ms: 2_000, errorRate: 0.01 };

/** Share of requests over all endpoints that have to succeed (the guides' uptime). */
export const AVAILABILITY = 0.999;

/**
 * Targets by route. Those of similarity are the rerank guide's (100 ms for one, 500 ms for a batch, 200 ms for any answer);
 * where a language model takes part, its time is most of it.
 */
export const OBJECTIVES: Readonly<Record<string, Objective>> = {
  '/v1/similarity': { p95Ms: 100, errorRate: 0.01 },
  '/v1/batch-similarity': { p95Ms: 500, errorRate: 0.01 },
  '/v1/rerank': { p95Ms: 200, errorRate: 0.01 },
  '/v1/embeddings': { p95Ms: 500, errorRate: 0.01 },
  '/api/v1/search': { p95Ms: 500, errorRate: 0.01 },
  '/api/v1/query': { p95Ms: 10_000, errorRate: 0.01 },
  '/v1/chat/completions': { p95Ms: 30_000, errorRate: 0.01 },
  '/v1/messages': { p95Ms: 30_000, errorRate: 0.01 },
  '/api/v1/documents': { p95Ms: 10_000, errorRate: 0.01 },
  '/api/v1/counterfactuals': { p95Ms: 10_000, errorRate: 0.001 },
  '/api/v1/agents/run': { p95Ms: 120_000, errorRate: 0.05 },
};

interface Problem {
  readonly path: string;
  readonly problem: string;
  readonly cure: string;
}

/**
 * Parses SLO_OBJECTIVES: `{"/v1/rerank": {"p95Ms": 300, "errorRate": 0.02}}`. What it does not name stays as it is.
 */
export function parseObjectives(text: string | undefined): {
  readonly objectives: Readonly<Record<string, Objective>>;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const wrong = (path: string, problem: string, cure: string) => problems.push({ path, problem, cure });
  let given: unknown = {};
  try {
    given = text === undefined ? {} : JSON.parse(text);
  } catch {
    wrong('', 'is not valid JSON', 'Write an object of routes.');
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    wrong('', 'is no object', 'Write {"/v1/rerank": {"p95Ms": 300}}.');
    given = {};
  }
  const objectives: Record<string, Objective> = { ...OBJECTIVES };
  for (const [route, value] of Object.entries(given as object)) {
    const before = objectives[route] ?? DEFAULT_OBJECTIVE;
    const fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    const { p95Ms = before.p95Ms, errorRate = before.errorRate } = fields;
    if (!route.startsWith('/')) wrong(`.${route}`, 'is no route', 'Use the pattern of a route, such as /v1/rerank.');
    if (typeof p95Ms !== 'number' || !(p95Ms > 0))
      wrong(`.${route}.p95Ms`, 'is not a time', 'Use milliseconds above 0.');
    else if (typeof errorRate !== 'number' || !(errorRate > 0 && errorRate <= 1))
      wrong(`.${route}.errorRate`, 'is not a share', 'Use a number above 0, at most 1.');
    else objectives[route] = { p95Ms, errorRate };
  }
  return { objectives, problems };
}
