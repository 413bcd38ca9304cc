import { describe, expect, it } from '@jest/globals';
import { renderGroup } from '../../constructs/alert-rules.ts';
import { type Condition, Duration, probes, Workload, watchAlerts } from '../../constructs/index.ts';
import { bench, small } from '../support/manifests.ts';

const on = bench();
const target = new Workload(on.namespace, 'api', {
  name: 'quantum-rerank',
  component: 'api',
  kind: 'Deployment',
  image: { reference: 'registry.example/api:1', version: '1' },
  ports: { http: { number: 8000, metrics: '/metrics' } },
  resources: small,
  probes: probes({ ready: { http: '/', port: 8000 }, live: { tcp: 8000 } }),
});

function rule(condition: Condition) {
  const [group] = watchAlerts([
    { target, condition, for: Duration.minutes(5), severity: 'critical', respondWithin: Duration.minutes(15) },
  ]);
  const [first] = group?.rules ?? [];
  if (!group || !first) throw new Error('no rule');
  return { ...first, rendered: renderGroup(group) };
}

describe('watchAlerts', () => {
  it('say what, for whom, how bad, and how soon somebody has to look', () => {
    expect(rule({ kind: 'errors', above: 0.1 }).rendered).toEqual({
      name: 'quantum-rerank-guide',
      rules: [
        {
          alert: 'QuantumRerankErrorsCritical',
          expr: 'sum(rate(http_requests_total{job="quantum-rerank",status=~"5.."}[5m])) / sum(rate(http_requests_total{job="quantum-rerank"}[5m])) > 0.1',
          for: '300s',
          labels: { severity: 'critical', job: 'quantum-rerank' },
          annotations: {
            summary: 'More than 10 % of the requests to quantum-rerank fail',
            respond_within: '15 minutes',
          },
        },
      ],
    });
  });

  it('know a job without any target as unavailable', () => {
    expect(rule({ kind: 'unavailable' }).expr).toBe('(sum(up{job="quantum-rerank"}) or vector(0)) == 0');
  });

  it('compare with the limits that the workload has', () => {
    expect(rule({ kind: 'memory', above: 0.9 }).expr).toContain(`/ ${256 * 1024 * 1024} > 0.9`);
    expect(rule({ kind: 'cpu', above: 0.8 }).expr).toContain('/ 0.05 > 0.8');
  });

  it('watch one route apart from the others, under a name of its own', () => {
    const { name, expr } = rule({ kind: 'latency', aboveSeconds: 0.5, route: '/v1/batch-similarity' });
    expect(name).toBe('QuantumRerankLatencyV1BatchSimilarityCritical');
    expect(expr).toContain('{job="quantum-rerank",route="/v1/batch-similarity"}[5m]');
    expect(expr).toMatch(/^histogram_quantile\(0\.95, .* > 0\.5$/);
  });

  it('put the conditions of one workload into one group', () => {
    const watch = { target, for: Duration.minutes(1), severity: 'info' } as const;
    const groups = watchAlerts([
      { ...watch, condition: { kind: 'rating', below: 3 } },
      { ...watch, condition: { kind: 'bias', abovePerHour: 10 } },
    ]);
    expect(groups.map(({ name, rules }) => [name, rules.map((each) => each.name)])).toEqual([
      ['quantum-rerank-guide', ['QuantumRerankRatingInfo', 'QuantumRerankBiasInfo']],
    ]);
  });
});
