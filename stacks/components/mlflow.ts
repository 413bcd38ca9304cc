import type { Construct } from 'constructs';
import { Mlflow, Postgres } from '../../constructs/index.ts';
import { bucketFor } from '../buckets-of-pods.ts';
import type { MlflowSpec } from '../platforms/platform.ts';
import { type Common, type Surroundings, storageOf } from './surroundings.ts';

/** A registry of models: its artifacts lie in a bucket where there is one. */
export function makeMlflow(
  scope: Construct,
  spec: MlflowSpec,
  common: Common,
  { environment, connections, made, platform }: Surroundings,
): Mlflow {
  const postgres = made.get(spec.postgres);
  if (!(postgres instanceof Postgres)) {
    throw new Error(`${spec.name}.postgres is "${spec.postgres}": it is no component of the kind "postgres"; name one`);
  }
  return new Mlflow(scope, spec.name, {
    ...common,
    connections,
    postgres,
    database: spec.database,
    workers: spec.workers[environment.scale],
    artifacts:
      environment.buckets === undefined
        ? { kind: 'claim', ...storageOf(spec, environment) }
        : { kind: 's3', ...bucketFor(platform, environment, { purpose: 'models', prefix: 'mlflow', use: 'write' }) },
  });
}
