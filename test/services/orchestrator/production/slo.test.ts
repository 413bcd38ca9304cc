import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BOUNDS_MS, bucketOf, percentile } from '../../../../services/orchestrator/src/production/histogram.ts';
import { OBJECTIVES, parseObjectives } from '../../../../services/orchestrator/src/production/objectives.ts';
import { Samples } from '../../../../services/orchestrator/src/production/samples.ts';
import { report } from '../../../../services/orchestrator/src/production/slo.ts';

/** What the store would read of these durations. */
function totals(route: string, durations: readonly number[], errors = 0) {
  const samples = new Samples();
  for (const [at, ms] of durations.entries()) samples.add(route, at < errors ? 500 : 200, ms);
  return samples.peek().map(({ counts, ...rest }) => ({
    ...rest,
    buckets: counts.map((count, at) => ({ bound: BOUNDS_MS[at] ?? Number.POSITIVE_INFINITY, count })),
  }));
}

describe('percentile', () => {
  it('lies in the bucket of the real one', () => {
    const duration = fc.double({ min: 0.01, max: 200_000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(duration, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (durations, share) => {
          const [total] = totals('/x', durations);
          const sorted = [...durations].sort((a, b) => a - b);
          const real = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
          const found = percentile(total?.buckets ?? [], share, total?.maxMs ?? 0) ?? Number.NaN;
          const at = bucketOf(real);
          expect(found).toBeGreaterThanOrEqual((BOUNDS_MS[at - 1] ?? 0) - 0.01);
          expect(found).toBeLessThanOrEqual(
            Math.min(BOUNDS_MS[at] ?? Number.POSITIVE_INFINITY, total?.maxMs ?? 0) + 0.01,
          );
        },
      ),
    );
  });

  it('of nothing is none', () => {
    expect(percentile([], 0.5, 0)).toBeNull();
  });
});

describe('report', () => {
  it('finds what is too slow or fails too often, and what is left of the error budget', () => {
    const slow = totals('/v1/rerank', new Array<number>(100).fill(250));
    const failing = totals('/v1/similarity', new Array<number>(1_000).fill(20), 5);
    const { status, availability, endpoints } = report([...slow, ...failing], OBJECTIVES);
    expect([status, availability]).toEqual(['violated', 0.995455]);
    expect(endpoints[0]).toMatchObject({
      endpoint: '/v1/rerank',
      compliant: false,
      violations: [expect.stringMatching(/^p95 is \d+(\.\d+)? ms, above 200 ms$/)],
      errorBudgetRemaining: 1,
    });
    expect(endpoints[1]).toMatchObject({ compliant: true, errorRate: 0.005, errorBudgetRemaining: 0.5 });
    expect(report(totals('/v1/similarity', [20]), OBJECTIVES).status).toBe('compliant');
    expect(report([], OBJECTIVES).status).toBe('no_data');
  });

  it('holds a route that nothing is promised of to the default', () => {
    expect(report(totals('/constructor', [3_000]), OBJECTIVES).endpoints[0]).toMatchObject({
      objective: { p95Ms: 2_000 },
      compliant: false,
    });
  });
});

describe('parseObjectives', () => {
  it('changes what is named, and names what is wrong', () => {
    const { objectives } = parseObjectives('{"/v1/rerank": {"p95Ms": 300}, "/new": {"errorRate": 0.5}}');
    expect(objectives['/v1/rerank']).toEqual({ p95Ms: 300, errorRate: 0.01 });
    expect(objectives['/new']).toEqual({ p95Ms: 2_000, errorRate: 0.5 });
    const { problems } = parseObjectives('{"rerank": {}, "/a": {"p95Ms": "1"}, "/b": {"errorRate": 0}}');
    expect(problems.map(({ path }) => path)).toEqual(['.rerank', './a.p95Ms', './b.errorRate']);
    expect(parseObjectives('[').problems).toHaveLength(1);
    expect(parseObjectives('[]').problems).toHaveLength(1);
  });
});
