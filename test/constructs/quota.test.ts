import { describe, expect, it } from '@jest/globals';
import { at } from '../../constructs/bridge/manifest.ts';
import {
  Autoscaling,
  Cpu,
  probes,
  Quota,
  type QuotaProps,
  SharedClaim,
  Size,
  Workload,
  type WorkloadProps,
} from '../../constructs/index.ts';
import { bench, object, small } from '../support/manifests.ts';

function bounded(props: QuotaProps = {}, more: Partial<WorkloadProps<'http'>> = {}) {
  const on = bench();
  new Quota(on.namespace, 'quota', props);
  const target = new Workload(on.namespace, 'api', {
    name: 'api',
    component: 'test',
    kind: 'StatefulSet',
    image: { reference: 'registry.example/api:1', version: '1' },
    ports: { http: { number: 8000 } },
    resources: small,
    probes: probes({ ready: { http: '/', port: 8000 }, live: { tcp: 8000 } }),
    replicas: 2,
    claims: [{ name: 'data', path: '/data', size: Size.gibibytes(1) }],
    ...more,
  });
  const hard = () => at(object(on.synth(), 'ResourceQuota', 'quota'), 'spec', 'hard');
  return { ...on, target, hard };
}

describe('Quota', () => {
  it('bounds the namespace to its workloads at their largest, and room for a rollout', () => {
    expect(bounded().hard()).toMatchObject({
      'requests.cpu': '150m', // 2 x 50m, and half as much again
      'requests.memory': '768Mi', // 2 x 256Mi
      'limits.memory': '768Mi',
      'requests.storage': '2048Mi', // volumes get no headroom
      'services.nodeports': '0',
    });
  });

  it('counts claims that belong to no replica', () => {
    const on = bounded();
    new SharedClaim(on.namespace, 'files', { name: 'files', storage: { size: Size.gibibytes(3) } });
    expect(on.hard()).toMatchObject({ 'requests.storage': '5120Mi' });
  });

  it('counts what an autoscaler may add, though it is made later', () => {
    const on = bounded({ headroom: 0 });
    new Autoscaling(on.namespace, 'scaling', {
      target: on.target,
      min: 2,
      max: 10,
      metrics: [{ kind: 'cpu', percent: 70 }],
    });
    expect(on.hard()).toMatchObject({ 'requests.cpu': '550m' }); // and the one that a rollout adds
  });

  it('counts sidecars, devices and what is reserved', () => {
    const sidecar = { name: 'exporter', image: { reference: 'registry.example/e:1', version: '1' }, resources: small };
    const hard = bounded(
      {
        headroom: 0,
        reserve: { cpu: Cpu.units(2), memory: Size.gibibytes(1), pods: 4, devices: { 'nvidia.com/gpu': 1 } },
      },
      { replicas: 1, sidecars: [sidecar], resources: { ...small, devices: { 'nvidia.com/gpu': 2 } } },
    ).hard();
    expect(hard).toMatchObject({
      'requests.cpu': '2200m',
      'requests.memory': '2048Mi',
      'requests.nvidia.com/gpu': '5',
      pods: '16',
    });
  });

  it('gives sizes to containers that say nothing', () => {
    expect(JSON.stringify(object(bounded().synth(), 'LimitRange', 'quota').spec)).toContain(
      '"defaultRequest":{"cpu":"50m"',
    );
  });

  it('has room for the pod that a rollout adds, where there is only one', () => {
    expect(bounded({}, { replicas: 1, claims: [], kind: 'Deployment' }).hard()).toMatchObject({
      'requests.cpu': '100m',
      'limits.memory': '512Mi',
      pods: '12',
    });
  });
});
