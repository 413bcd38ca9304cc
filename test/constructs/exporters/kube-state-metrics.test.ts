import { describe, expect, it } from '@jest/globals';
import { KubeStateMetrics } from '../../../constructs/index.ts';
import { anotherNamespace, bench, containerOf, object, objects, small, synthError } from '../../support/manifests.ts';
import { podsOf, Reachability } from '../../support/reachability.ts';

const cluster = { apiServer: { cidr: '10.1.0.0/16', port: 443 }, nodes: '10.1.0.0/16' };

function watching(count: 0 | 2) {
  const on = bench();
  const namespaces = count === 0 ? [] : [on.namespace, anotherNamespace(on.chart, 'second')];
  new KubeStateMetrics(on.namespace, 'ksm', {
    images: on.images,
    resources: small,
    connections: on.connections,
    namespaces,
    cluster,
  });
  return on;
}

describe('KubeStateMetrics', () => {
  it('sees the namespaces that it is given, and may list nothing elsewhere', () => {
    const manifests = watching(2).synth();
    expect(containerOf(manifests, 'kube-state-metrics').args).toContain('--namespaces=test,second');
    expect(objects(manifests, 'ClusterRole')).toEqual([]);
    for (const namespace of ['test', 'second']) {
      expect(object(manifests, 'RoleBinding', 'kube-state-metrics', namespace).subjects).toEqual([
        { kind: 'ServiceAccount', name: 'kube-state-metrics', namespace: 'test' },
      ]);
      const verbs = JSON.stringify(object(manifests, 'Role', 'kube-state-metrics', namespace).rules);
      expect(verbs).not.toMatch(/secrets|"get"|create|\*/);
    }
  });

  it('reaches the API server and nothing else outside', () => {
    const manifests = watching(2).synth();
    const [pod] = podsOf(manifests);
    if (!pod) throw new Error('no pod');
    const reach = new Reachability(manifests);
    expect(reach.allowsAddress(pod, '10.1.2.3', 443, 'TCP')).toBe(true);
    expect(reach.allowsAddress(pod, '10.1.2.3', 10250, 'TCP')).toBe(false);
    expect(reach.allowsAddress(pod, '10.2.2.3', 443, 'TCP')).toBe(false);
  });

  it('has to have something to tell about', () => {
    expect(synthError(watching(0).synth)).toMatch(/namespaces is \[\]: name at least one namespace/);
  });
});
