import { dashboards, exporter } from './footprints.ts';
import type { ComponentSpec } from './platform.ts';

/** Dashboards, and an exporter beside each store of these names, where public images can be pulled. */
export function observers(...stores: readonly ('redis' | 'postgres')[]): readonly ComponentSpec[] {
  const where = { has: 'publicImages' } as const;
  return [
    { kind: 'grafana', name: 'grafana', where, password: 'grafanaPassword', footprint: dashboards },
    ...stores.map(
      (of): ComponentSpec => ({ kind: 'exporter', name: `${of}-exporter`, where, of, footprint: exporter }),
    ),
  ];
}
