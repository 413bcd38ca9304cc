import { describe, expect, it } from '@jest/globals';
import { DcgmExporter, type DcgmExporterProps } from '../../../constructs/index.ts';
import { anotherNamespace, bench, containerOf, envOf, podOf, small, synthError } from '../../support/manifests.ts';
import { restrictedViolations } from '../../support/pod-security.ts';

function exporter(props: Partial<DcgmExporterProps> = {}, namespace = 'shop-node-agents') {
  const on = bench();
  new DcgmExporter(anotherNamespace(on.chart, namespace), 'dcgm', { images: on.images, resources: small, ...props });
  return on;
}

describe('DcgmExporter', () => {
  it('looks at every GPU of a node and takes none, within the restricted standard', () => {
    const manifests = exporter().synth();
    expect(restrictedViolations(podOf(manifests, 'dcgm-exporter'))).toEqual([]);
    expect(envOf(manifests, 'dcgm-exporter')).toMatchObject({
      NVIDIA_VISIBLE_DEVICES: 'all',
      DCGM_EXPORTER_KUBERNETES: 'false',
    });
    expect(JSON.stringify(containerOf(manifests, 'dcgm-exporter').resources)).not.toContain('nvidia.com');
  });

  it('tells pods apart as root, without capabilities, and only where node agents are', () => {
    const manifests = exporter({ pods: true }).synth();
    expect(envOf(manifests, 'dcgm-exporter').DCGM_EXPORTER_KUBERNETES).toBe('true');
    expect(containerOf(manifests, 'dcgm-exporter').securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    expect(synthError(exporter({ pods: true }, 'shop').synth)).toMatch(
      /host is \["\/var\/lib\/kubelet\/pod-resources"\]: "shop" is not among the namespaces of node agents/,
    );
  });
});
