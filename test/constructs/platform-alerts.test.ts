import { describe, expect, it } from '@jest/globals';
import { renderGroup } from '../../constructs/alert-rules.ts';
import { apiAlerts, dependencyAlerts } from '../../constructs/index.ts';
import { targetAlerts } from '../../constructs/platform-alerts.ts';

describe('alerts', () => {
  it('carry the promised numbers in rule and text', () => {
    const [errors, latency] = apiAlerts({ job: 'api', errorRatio: 0.05, p95Seconds: 0.2 }).rules;
    expect(errors?.expr).toBe(
      'sum(rate(http_requests_total{job="api",status=~"5.."}[5m])) / sum(rate(http_requests_total{job="api"}[5m])) > 0.05',
    );
    expect(errors?.summary).toContain('5 %');
    expect(latency?.expr).toMatch(/^histogram_quantile\(0\.95, .*\) > 0\.2$/);
  });

  it('have one rule per dependency and per job, under names of their own', () => {
    const names = [
      ...dependencyAlerts('api', ['redis', 'mcp-git']).rules,
      ...targetAlerts(['redis', 'mcp-git']).rules,
    ].map(({ name }) => name);
    expect(names).toEqual(['RedisUnreachable', 'McpGitUnreachable', 'TargetDown', 'RedisMissing', 'McpGitMissing']);
  });

  it('render as Prometheus reads them', () => {
    expect(renderGroup(targetAlerts([]))).toEqual({
      name: 'targets',
      rules: [
        {
          alert: 'TargetDown',
          expr: 'up == 0',
          for: '120s',
          labels: { severity: 'critical' },
          annotations: { summary: '{{ $labels.job }} at {{ $labels.instance }} does not answer' },
        },
      ],
    });
  });
});
