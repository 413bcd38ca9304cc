import { describe, expect, it } from '@jest/globals';
import { checkCriteria, explain } from '../../../../services/orchestrator/src/experiments/criteria.ts';
import { summarise } from '../../../../services/orchestrator/src/experiments/metrics.ts';
import { matchesExpected, promptFor, readScore } from '../../../../services/orchestrator/src/experiments/prompt.ts';
import { DEFAULT_CRITERIA, type SampleResult } from '../../../../services/orchestrator/src/experiments/types.ts';

const result = (position: number, part: Partial<SampleResult> = {}): SampleResult => ({
  position,
  model: 'm',
  output: 'ok',
  error: undefined,
  score: 1,
  latencyMs: 100,
  promptTokens: 10,
  completionTokens: 5,
  costNanoUsd: 1_000,
  ...part,
});

describe('summarise', () => {
  it('counts a sample as answered when any model answered it', () => {
    const failed = { output: undefined, error: 'upstream_failed', score: undefined };
    const metrics = summarise(
      [result(0, { ...failed, model: 'a' }), result(0, { model: 'b', score: 0.5 }), result(1, failed)],
      2,
      'expected',
    );
    expect(metrics).toMatchObject({
      error_rate: 0.5,
      accuracy: 0.5,
      accuracy_by: 'expected',
      by_model: { a: { answers: 0, errors: 1, accuracy: null }, b: { answers: 1, errors: 0, accuracy: 0.5 } },
      cost_usd: 3e-6,
    });
  });

  it('has no accuracy without anything to compare with', () => {
    expect(summarise([result(0, { score: undefined })], 1, 'judge')).toMatchObject({
      accuracy: null,
      accuracy_by: null,
    });
  });

  it('takes percentiles of the answers alone', () => {
    const results = Array.from({ length: 20 }, (_, at) => result(at, { latencyMs: at + 1 }));
    expect(summarise(results, 20, 'expected')).toMatchObject({ p50_latency_ms: 10, p95_latency_ms: 19 });
    expect(summarise([], 0, 'expected').p95_latency_ms).toBeNull();
  });
});

describe('checkCriteria', () => {
  it('passes what reaches every criterion', () => {
    const metrics = summarise([result(0)], 1, 'expected');
    expect(checkCriteria(DEFAULT_CRITERIA, metrics).every(({ passed }) => passed)).toBe(true);
  });

  it('says which criterion is not reached, by how much, and what to do', () => {
    const metrics = { ...summarise([result(0)], 1, 'expected'), accuracy: 0.92 };
    const failed = checkCriteria(DEFAULT_CRITERIA, metrics).filter(({ passed }) => !passed);
    expect(failed.map(explain)).toEqual([
      { path: 'metrics.accuracy', problem: 'is 0.92, below 0.95', cure: expect.stringContaining('?force=true') },
    ]);
  });

  it('does not pass what was not measured', () => {
    const failed = checkCriteria(DEFAULT_CRITERIA, undefined).filter(({ passed }) => !passed);
    expect(failed).toHaveLength(4);
    for (const { problem } of failed.map(explain)) expect(problem).toBe('was not measured');
  });
});

describe('prompts', () => {
  it('hold the sample where the template says, else below it', () => {
    expect(promptFor('Look at {{code}} in {{language}}', '$& x', 'js')).toBe('Look at $& x in js');
    expect(promptFor('Review this code...', 'def f(): pass', 'python')).toBe(
      'Review this code...\n\n```python\ndef f(): pass\n```',
    );
  });

  it('compare answers whatever their case and white space', () => {
    expect(matchesExpected('It has  a\nBUG.', 'a bug')).toBe(true);
    expect(matchesExpected('fine', 'a bug')).toBe(false);
    expect([readScore('{"score": 80}'), readScore('score 80'), readScore('{"score": 800}')]).toEqual([
      0.8,
      undefined,
      undefined,
    ]);
  });
});
