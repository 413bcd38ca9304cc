import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../../constructs/bridge/manifest.ts';
import { NodeExporter } from '../../../constructs/index.ts';
import { anotherNamespace, bench, containerOf, object, podOf, small, synthError } from '../../support/manifests.ts';
import { restrictedViolations } from '../../support/pod-security.ts';

function exporter(namespace = 'shop-node-agents') {
  const on = bench();
  new NodeExporter(anotherNamespace(on.chart, namespace), 'node', { images: on.images, resources: small });
  return on;
}

describe('NodeExporter', () => {
  it('breaks the restricted standard by its folders alone', () => {
    const violations = restrictedViolations(podOf(exporter().synth(), 'node-exporter'));
    expect(violations.length).toBeGreaterThan(0);
    expect(violations.filter((violation) => !/volume|hostPath/i.test(JSON.stringify(violation)))).toEqual([]);
  });

  it('reads them, as a user of its own, and sees what is mounted later', () => {
    const manifests = exporter().synth();
    const mounts = objectsAt(containerOf(manifests, 'node-exporter'), 'volumeMounts').filter(
      ({ name }) => name !== 'tmp',
    );
    expect(mounts.map(({ mountPath, readOnly, mountPropagation }) => [mountPath, readOnly, mountPropagation])).toEqual([
      ['/host/proc', true, 'HostToContainer'],
      ['/host/sys', true, 'HostToContainer'],
      ['/host/root', true, 'HostToContainer'],
    ]);
    expect(at(podOf(manifests, 'node-exporter'), 'securityContext', 'runAsUser')).toBeGreaterThan(10000);
  });

  it('runs on every node, those for GPUs included', () => {
    expect(object(exporter().synth(), 'DaemonSet', 'node-exporter').kind).toBe('DaemonSet');
    expect(podOf(exporter().synth(), 'node-exporter').tolerations).toEqual([
      { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
    ]);
  });

  it('is refused where no node agents are', () => {
    expect(synthError(exporter('shop').synth)).toMatch(/"shop" is not among the namespaces of node agents/);
  });
});
