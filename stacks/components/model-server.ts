import type { Construct } from 'constructs';
import { type GpuRequest, ModelServer, type ModelSource, WiringError } from '../../constructs/index.ts';
import { bucketFor, grantFor } from '../buckets-of-pods.ts';
import type { Environment } from '../environments.ts';
import type { ModelName, ModelServerSpec, ServedSpec } from '../platforms/platform.ts';
import { internet } from '../providers.ts';
import { models } from './models.ts';
import { type Common, replicasOf, type Surroundings, storageOf } from './surroundings.ts';

/** A server of models, on a GPU of the environment's pools where it asks for one. */
export function makeModelServer(
  scope: Construct,
  spec: ModelServerSpec,
  common: Common,
  around: Surroundings,
): ModelServer {
  const { environment, secret } = around;
  return new ModelServer(scope, spec.name, {
    ...common,
    runtime: spec.runtime,
    models: spec.models.map((served) => ({
      model: models[served.model],
      source: sourceOf(served, spec.models, around),
    })),
    cache: { kind: 'scratch', size: storageOf(spec, environment).size },
    replicas: replicasOf(spec, environment),
    ...(spec.port !== undefined && { port: spec.port }),
    ...(spec.gpu && { variant: { kind: 'gpu', ...gpuOn(spec, environment) } }),
    ...(spec.auth && {
      auth: { token: secret(spec.auth.secret), secret: spec.auth.name, key: spec.auth.key },
    }),
  });
}

/** The pool with the GPU that a model server asks for. */
function gpuOn({ name, gpu }: ModelServerSpec, environment: Environment): GpuRequest {
  if (gpu === undefined) throw new Error(`${name}.gpu is missing`);
  const pool = environment.gpuPools.find((each) => each.gpu === gpu.type);
  if (pool === undefined) {
    const known = environment.gpuPools.map((each) => `${each.name} with ${each.gpu}`).join(', ') || 'none';
    throw new WiringError(`${name}.${environment.name}`, {
      path: `${name}.gpu.type`,
      value: gpu.type,
      cure: `no pool of "${environment.name}" has it (there is ${known}); use one that there is, or add a pool`,
    });
  }
  return { ...gpu, pool };
}

function sourceOf(
  { model, from }: ServedSpec,
  all: readonly ServedSpec[],
  { environment, images, platform }: Surroundings,
): ModelSource {
  if (from === 'image') return { kind: 'image', image: images.get(`model-${imageModel(model)}`) };
  if (from !== 'bucket') return { kind: 'ollama', model: from.ollama, at: internet };
  if (environment.buckets === undefined) {
    throw new Error(`models.${model}.from is "bucket": "${environment.name}" has no buckets; use an image`);
  }
  // All models of a server are fetched by the pods of one service account.
  const also = all
    .filter((each) => each.from === 'bucket')
    .map((each) => grantFor(platform, environment, { purpose: 'models', prefix: each.model, use: 'read' }));
  return { kind: 's3', ...bucketFor(platform, environment, { purpose: 'models', prefix: model, use: 'read', also }) };
}

/** Models that come as an image. */
function imageModel(name: ModelName): 'all-minilm-l6-v2' {
  if (name === 'all-minilm-l6-v2') return name;
  throw new Error(`models.${name}.from is "image": there is no such image; use "bucket"`);
}
