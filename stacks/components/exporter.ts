import type { Construct } from 'constructs';
import { type Connectable, Postgres, PostgresExporter, Redis, RedisExporter } from '../../constructs/index.ts';
import type { ExporterSpec } from '../platforms/platform.ts';
import type { Common, Surroundings } from './surroundings.ts';

/** Metrics of a component that has none of its own. */
export function makeExporter(
  scope: Construct,
  spec: ExporterSpec,
  common: Common,
  { connections, made }: Surroundings,
): Connectable {
  const target = made.get(spec.of);
  if (target instanceof Redis) return new RedisExporter(scope, spec.name, { ...common, connections, target });
  if (target instanceof Postgres) return new PostgresExporter(scope, spec.name, { ...common, connections, target });
  throw new Error(`${spec.name}.of is "${spec.of}": there is an exporter for redis and postgres; name one of these`);
}
