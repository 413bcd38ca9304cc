import { describe, expect, it } from '@jest/globals';
import { leaderWorkerSet } from '../../constructs/leader-worker-set.ts';

describe('leaderWorkerSet', () => {
  const container = { name: 'main', args: ['serve'], readinessProbe: {}, livenessProbe: {}, startupProbe: {} };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'llm' },
    spec: {
      replicas: 2,
      template: { metadata: { labels: { app: 'llm' } }, spec: { containers: [container, { name: 'side' }] } },
    },
  };

  it('has leaders as they are, and workers that nobody asks', () => {
    const spec = leaderWorkerSet({ size: 4, workerArgs: ['--headless'] }).spec(deployment);
    expect(spec).toMatchObject({
      replicas: 2,
      leaderWorkerTemplate: {
        size: 4,
        restartPolicy: 'RecreateGroupOnPodRestart',
        leaderTemplate: deployment.spec.template,
        workerTemplate: {
          metadata: { labels: { app: 'llm' } },
          spec: { containers: [{ name: 'main', args: ['serve', '--headless'] }, { name: 'side' }] },
        },
      },
    });
    expect(JSON.stringify(spec.leaderWorkerTemplate)).toMatch(/readinessProbe/);
    expect(JSON.stringify(spec).match(/readinessProbe/g)).toHaveLength(1);
  });
});
