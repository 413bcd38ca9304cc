import { describe, expect, it } from '@jest/globals';
import { Chart } from 'cdk8s';
import { Namespace } from '../../constructs/index.ts';
import { bench, object, objects, synth } from '../support/manifests.ts';
import { Reachability } from '../support/reachability.ts';

describe('Namespace', () => {
  it('enforces, audits and warns at the restricted level', () => {
    expect(object(bench('rag').synth(), 'Namespace', 'rag').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/audit': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
      'app.kubernetes.io/part-of': 'rag',
    });
  });

  it('lets a pod ask DNS, over UDP and TCP, and nothing else', () => {
    const reach = new Reachability(bench('rag').synth());
    const pod = { name: 'a', namespace: 'rag', labels: { app: 'a' } };
    const dns = { name: 'coredns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };
    expect(reach.allows(pod, dns, 53, 'UDP')).toBe(true);
    expect(reach.allows(pod, dns, 53, 'TCP')).toBe(true);
    expect(reach.allows(pod, dns, 9153, 'TCP')).toBe(false);
    expect(reach.allows(pod, { ...dns, labels: { 'k8s-app': 'other' } }, 53, 'UDP')).toBe(false);
    expect(reach.allows(pod, { ...dns, namespace: 'rag' }, 53, 'UDP')).toBe(false);
    expect(reach.allowsAddress(pod, '8.8.8.8', 53, 'UDP')).toBe(false);
  });

  it('lets nobody in, from its own pods or others', () => {
    const reach = new Reachability(bench('rag').synth());
    const pod = { name: 'a', namespace: 'rag', labels: { app: 'a' } };
    expect(reach.allows({ ...pod, name: 'b' }, pod, 8000, 'TCP')).toBe(false);
    expect(reach.allows({ ...pod, namespace: 'elsewhere' }, pod, 8000, 'TCP')).toBe(false);
  });

  it('closes under the name that procedures use', () => {
    const { chart, synth } = bench('rag');
    new Namespace(chart, 'stable', { name: 'stable', isolationPolicy: 'stable-isolation' });
    const names = objects(synth(), 'NetworkPolicy').filter(({ metadata }) => metadata.namespace === 'stable');
    expect(names.map(({ metadata }) => metadata.name)).toEqual(['stable-isolation', 'allow-dns']);
    expect(object(names, 'NetworkPolicy', 'stable-isolation').spec).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  it('names itself to what is made in its scope, and says how where there is none', () => {
    const { namespace, chart } = bench('rag');
    const inner = new Chart(namespace, 'inner');
    expect(Namespace.of(inner).name).toBe('rag');
    expect(() => Namespace.of(chart)).toThrow(/\[rag\] scope is "": make the construct in the scope of a Namespace/);
  });

  it('comes before its policies', () => {
    const { chart } = bench('rag');
    const kinds = synth(chart).map(({ kind }) => kind);
    expect(kinds.indexOf('Namespace')).toBeLessThan(kinds.indexOf('NetworkPolicy'));
    expect(objects(synth(chart), 'NetworkPolicy')).toHaveLength(2);
  });
});
