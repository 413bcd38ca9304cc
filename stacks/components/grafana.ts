import type { Construct } from 'constructs';
import { type Connectable, Grafana, Prometheus } from '../../constructs/index.ts';
import type { GrafanaSpec } from '../platforms/platform.ts';
import { type Common, type Surroundings, storageOf } from './surroundings.ts';

/** Pictures of what the platform's Prometheus has. */
export function makeGrafana(scope: Construct, spec: GrafanaSpec, common: Common, around: Surroundings): Grafana {
  const { environment, connections, made, secret } = around;
  return new Grafana(scope, spec.name, {
    ...common,
    connections,
    storage: storageOf(spec, environment),
    adminPassword: secret(spec.password),
    prometheus: prometheusIn(made, spec.name),
  });
}

function prometheusIn(made: ReadonlyMap<string, Connectable>, wanted: string): Prometheus {
  const found = [...made.values()].find((component) => component instanceof Prometheus);
  if (found) return found;
  throw new Error(`${wanted} shows what Prometheus has: add one to the platform`);
}
