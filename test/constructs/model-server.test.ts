import { describe, expect, it } from '@jest/globals';
import { objectsAt } from '../../constructs/bridge/manifest.ts';
import { allMiniLmL6V2, ModelServer, type ModelServerProps, Size } from '../../constructs/index.ts';
import { bench, containerOf, envOf, object, podOf, small, synthError } from '../support/manifests.ts';

function server(more: Partial<ModelServerProps> = {}) {
  const on = bench();
  const image = on.images.get('model-all-minilm-l6-v2');
  const made = new ModelServer(on.namespace, 'inference', {
    images: on.images,
    resources: small,
    runtime: { kind: 'inference', maxQueue: 64 },
    models: [{ model: allMiniLmL6V2, source: { kind: 'image', image } }],
    cache: { kind: 'scratch', size: Size.mebibytes(200) },
    ...more,
  });
  return { ...on, made, image };
}

describe('ModelServer', () => {
  it('copies the model from its image to where the server looks for it', () => {
    const { synth, image } = server();
    const manifests = synth();
    expect(objectsAt(podOf(manifests, 'inference'), 'initContainers')).toMatchObject([
      {
        image: image.reference,
        command: ['cp', '-r', '/models/.', '/cache/'],
        volumeMounts: [{ name: 'models', mountPath: '/cache' }],
      },
    ]);
    expect(objectsAt(containerOf(manifests, 'inference'), 'volumeMounts')).toContainEqual({
      name: 'models',
      mountPath: '/models',
    });
    expect(envOf(manifests, 'inference')).toEqual({
      PORT: '8080',
      MODEL_DIR: '/models',
      LOG_LEVEL: 'info',
      MAX_QUEUE: '64',
    });
  });

  it('keeps the weights with the pod or on a claim', () => {
    expect(object(server().synth(), 'Deployment', 'inference')).toBeDefined();
    const claimed = server({ cache: { kind: 'claim', size: Size.gibibytes(1), storageClass: 'fast' } }).synth();
    expect(objectsAt(object(claimed, 'StatefulSet', 'inference'), 'spec', 'volumeClaimTemplates')).toMatchObject([
      { metadata: { name: 'models' }, spec: { storageClassName: 'fast' } },
    ]);
  });

  it('asks for the three states of health', () => {
    expect(containerOf(server().synth(), 'inference')).toMatchObject({
      startupProbe: { httpGet: { path: '/health/startup', port: 8080 } },
      readinessProbe: { httpGet: { path: '/health/ready', port: 8080 } },
      livenessProbe: { httpGet: { path: '/health/live', port: 8080 } },
    });
  });

  it('refuses to serve nothing, or one model twice', () => {
    expect(synthError(server({ models: [] }).synth)).toMatch(/models is \[\]: name at least one model/);
    const { image } = server();
    const twice = { model: allMiniLmL6V2, source: { kind: 'image', image } } as const;
    expect(synthError(server({ models: [twice, twice] }).synth)).toMatch(
      /models\[1\] is "all-minilm-l6-v2": name each model once/,
    );
  });
});
