import { describe, expect, it } from '@jest/globals';
import { at } from '../../constructs/bridge/manifest.ts';
import { Autoscaling, Cpu, probes, Quota, Size, Workload } from '../../constructs/index.ts';
import { bench, object, small } from '../support/manifests.ts';

function quota(scaled: boolean) {
  const on = bench();
  new Quota(on.namespace, 'quota');
  const target = new Workload(on.namespace, 'api', {
    name: 'api',
    component: 'gateway',
    kind: 'Deployment',
    image: { reference: 'registry.example/api:1.0.0', version: '1.0.0' },
    ports: { http: { number: 8000 } },
    resources: { ...small, cpu: { request: Cpu.millis(100) }, disk: Size.mebibytes(200) },
    probes: probes({ ready: { tcp: 8000 }, live: { tcp: 8000 } }),
  });
  if (scaled)
    new Autoscaling(on.namespace, 'scaling', { target, min: 2, max: 10, metrics: [{ kind: 'cpu', percent: 70 }] });
  return at(object(on.synth(), 'ResourceQuota', 'quota'), 'spec', 'hard');
}

describe('Quota', () => {
  it('has room for the pod that a rollout adds, where there is only one', () => {
    expect(quota(false)).toMatchObject({
      'requests.cpu': '200m',
      'limits.memory': '512Mi',
      'requests.ephemeral-storage': '400Mi',
      pods: '12',
    });
  });

  it('has room for as many as the autoscaler may ask for, and half as many more', () => {
    expect(quota(true)).toMatchObject({ 'requests.cpu': '1500m', pods: '25' });
  });

  it('lets nobody open a port of the nodes', () => {
    expect(quota(false)).toMatchObject({ 'services.nodeports': '0' });
  });
});
