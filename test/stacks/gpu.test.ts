import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import { Images } from '../../constructs/index.ts';
import { compose } from '../../stacks/compose.ts';
import { environments } from '../../stacks/environments.ts';
import { platforms } from '../../stacks/platforms/index.ts';
import type { ModelServerSpec, Platform } from '../../stacks/platforms/platform.ts';
import { podOf } from '../support/manifests.ts';
import { manifestsOf } from './guides/support/inventory.ts';

/** qratum with other requests of its model server. */
function qratumWith(change: Partial<ModelServerSpec>): Platform {
  const { qratum } = platforms;
  return {
    ...qratum,
    namespaces: qratum.namespaces.map((namespace) => ({
      ...namespace,
      components: namespace.components.map((component) =>
        component.kind === 'model-server' && component.gpu ? { ...component, ...change } : component,
      ),
    })),
  };
}

function synth(platform: Platform): unknown {
  const images = new Images({ registry: 'registry.example' });
  const { app } = compose({ platform, environment: environments.prod, images, secret: () => 'x'.repeat(24) });
  return app.charts.map((chart) => chart.toJson());
}

describe('a model server that asks for GPUs', () => {
  it.each<[string, Partial<ModelServerSpec>, RegExp]>([
    [
      'of a type that no pool has',
      { gpu: { type: 'h200', count: 1 } },
      /model-server\.gpu\.type is "h200": no pool of "prod" has it \(there is gpu-l4 with l4\); use one that there is/,
    ],
    [
      'more than a node has',
      { gpu: { type: 'l4', count: 4 } },
      /variant\.count is 4: a node of pool "gpu-l4" has 1: lower it to 1, or use a pool of bigger nodes/,
    ],
    [
      'for more replicas than the pool can grow to',
      { scaling: { min: 2, max: 40, cpuPercent: 70 } },
      /pools\.gpu-l4 is "12 nodes of 1": .* finds room for 12 of 40 pods with 1 each/,
    ],
  ])('fails at synth where it asks for GPUs %s', (_, change, message) => {
    expect(() => synth(qratumWith(change))).toThrow(message);
  });

  it('is bound to the pool with its GPU', () => {
    const pod = podOf([...manifestsOf('qratum', 'prod')], 'model-server');
    expect(pod).toMatchObject({
      nodeSelector: { 'nvidia.com/gpu.product': 'NVIDIA-L4' },
      tolerations: [expect.objectContaining({ key: 'nvidia.com/gpu' })],
      runtimeClassName: 'nvidia',
    });
    expect(at(objectsAt(pod, 'containers')[0], 'resources', 'limits', 'nvidia.com/gpu')).toBe(1);
  });

  it('computes on the CPU where there is no GPU', () => {
    const pod = podOf([...manifestsOf('qratum', 'local')], 'model-server');
    expect(JSON.stringify(pod)).not.toContain('nvidia');
  });
});
