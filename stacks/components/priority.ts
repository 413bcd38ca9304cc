import type { Priority } from '../../constructs/index.ts';
import type { ComponentSpec } from '../platforms/platform.ts';

/** How much a component matters when nodes run out. */
export function priorityOf({ kind }: ComponentSpec): Priority {
  switch (kind) {
    case 'redis':
    case 'postgres':
    case 'milvus':
    case 'qdrant':
      return 'data';
    case 'prometheus':
    case 'alertmanager':
    case 'grafana':
    case 'exporter':
      return 'monitoring';
    default:
      return 'serving';
  }
}
