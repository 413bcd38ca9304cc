import type { Construct } from 'constructs';
import {
  Alertmanager,
  apiAlerts,
  type Connectable,
  Duration,
  dependencyAlerts,
  Prometheus,
  watchAlerts,
} from '../../constructs/index.ts';
import { addressesOf } from '../cluster-watchers.ts';
import type { PrometheusSpec } from '../platforms/platform.ts';
import { type Common, type Surroundings, storageOf } from './surroundings.ts';

/** Metrics of all that was made before it, and the alerts on them. */
export function makePrometheus(
  scope: Construct,
  spec: PrometheusSpec,
  common: Common,
  around: Surroundings,
): Prometheus {
  const { environment, connections, made } = around;
  return new Prometheus(scope, spec.name, {
    ...common,
    connections,
    storage: storageOf(spec, environment),
    retention: Duration.days(environment.metricsRetentionDays),
    targets: [...made.values()].filter(hasMetrics),
    ...kubeletsOf(around),
    ...alertingOf(spec, around),
  });
}

/** CPU and memory of each container, where the kubelets can be asked. */
function kubeletsOf({ environment, made }: Surroundings) {
  const addresses = addressesOf(environment);
  const namespaces = [...new Set([...made.values()].map(({ workload }) => workload.namespace.name))];
  return addresses === undefined ? {} : { kubelets: { addresses, namespaces } };
}

function hasMetrics({ workload }: Connectable): boolean {
  return Object.values(workload.ports).some(({ metrics }) => metrics !== undefined);
}

function alertingOf(spec: PrometheusSpec, { made, alerts }: Surroundings) {
  const alertmanager = [...made.values()].find((component) => component instanceof Alertmanager);
  return {
    alerts: [
      ...alerts,
      ...spec.promises.flatMap(({ component, errorRatio, p95Seconds, dependencies }) => [
        apiAlerts({ job: component, errorRatio, p95Seconds }),
        dependencyAlerts(component, dependencies),
      ]),
      ...watchAlerts(
        (spec.watches ?? []).flatMap(({ component, ...watch }) => {
          const target = made.get(component);
          return target === undefined ? [] : [{ ...watch, target }];
        }),
      ),
    ],
    ...(alertmanager !== undefined && { alertmanager }),
  };
}
