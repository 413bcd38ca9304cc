import type { Construct } from 'constructs';
import { Milvus, type MilvusObjects } from '../../constructs/index.ts';
import { milvusObjects } from '../backups.ts';
import type { MilvusSpec } from '../platforms/platform.ts';
import { embedding } from './models.ts';
import { type Common, type Surroundings, storageOf } from './surroundings.ts';

/** A Milvus: one process where the environment has no more. */
export function makeMilvus(scope: Construct, spec: MilvusSpec, common: Common, around: Surroundings): Milvus {
  const { environment, connections } = around;
  return new Milvus(scope, spec.name, {
    ...common,
    connections,
    storage: storageOf(spec, environment),
    collections: spec.collections.map(({ name, model }) => ({ name, dimension: embedding(model).dimension })),
    mode: environment.capabilities.has('milvusStandalone')
      ? { kind: 'standalone', metadata: { kind: 'embedded' }, objects: objectsOf(around) }
      : { kind: 'lite' },
  });
}

/** Segments of Milvus lie in a bucket where there is one: from there they can be backed up. */
function objectsOf({ platform, environment }: Surroundings): MilvusObjects {
  if (environment.buckets === undefined) return { kind: 'volume' };
  const { bucket, prefix, region, access, at } = milvusObjects(platform, environment);
  return {
    kind: 's3',
    host: `s3.${region}.amazonaws.com`,
    bucket,
    ...(prefix !== undefined && { prefix }),
    region,
    access,
    at,
  };
}
