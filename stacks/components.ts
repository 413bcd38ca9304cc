import type { Construct } from 'constructs';
import {
  Alertmanager,
  BackupMetrics,
  type Connectable,
  LlmStandIn,
  McpServer,
  Redis,
  Rollout,
  ServiceAlias,
} from '../constructs/index.ts';
import { makeExporter } from './components/exporter.ts';
import { makeGrafana } from './components/grafana.ts';
import { makeMilvus } from './components/milvus.ts';
import { makeMlflow } from './components/mlflow.ts';
import { makeModelServer } from './components/model-server.ts';
import { makeOrchestrator } from './components/orchestrator.ts';
import { makePostgres } from './components/postgres.ts';
import { priorityOf } from './components/priority.ts';
import { makePrometheus } from './components/prometheus.ts';
import { makeQdrant } from './components/qdrant.ts';
import { scale } from './components/scaling.ts';
import { type Common, resourcesOf, type Surroundings, storageOf } from './components/surroundings.ts';
import type { ComponentSpec } from './platforms/platform.ts';

/** Makes one component as the environment has it. Platforms say what, environments how big and in which form. */
export function makeComponent(scope: Construct, spec: ComponentSpec, around: Surroundings): Connectable {
  const made = makeBare(scope, spec, around);
  for (const name of spec.services ?? []) new ServiceAlias(scope, `${spec.name}-${name}`, { name, target: made });
  if ('scaling' in spec && spec.scaling) scale(scope, made, spec.scaling);
  return spec.rollout ? new Rollout(scope, `${spec.name}-rollout`, { target: made, strategy: spec.rollout }) : made;
}

function makeBare(scope: Construct, spec: ComponentSpec, around: Surroundings): Connectable {
  const { environment, images, connections, secret } = around;
  const footprint = spec.footprint[environment.scale];
  const common: Common = {
    name: spec.name,
    images,
    resources: resourcesOf(footprint),
    priorityClass: around.priorities.name(priorityOf(spec)),
    ...(spec.names && { names: spec.names }),
  };
  const storage = () => storageOf(spec, environment);
  switch (spec.kind) {
    case 'redis':
      return new Redis(scope, spec.name, {
        ...common,
        password: secret(spec.password),
        eviction: spec.eviction,
        persistence: spec.persistence === 'none' ? { kind: 'none' } : { kind: spec.persistence, ...storage() },
        topology: { kind: 'single', ...(spec.controller && { controller: spec.controller }) },
      });
    case 'postgres':
      return makePostgres(scope, spec, common, around);
    case 'milvus':
      return makeMilvus(scope, spec, common, around);
    case 'model-server':
      return makeModelServer(scope, spec, common, around);
    case 'qdrant':
      return makeQdrant(scope, spec, common, around);
    case 'mcp-server':
      return new McpServer(scope, spec.name, { ...common, tools: spec.tools, data: { kind: 'claim', ...storage() } });
    case 'orchestrator':
      return makeOrchestrator(scope, spec, common, around);
    case 'llm-stand-in':
      return new LlmStandIn(scope, spec.name, { ...common, models: spec.models });
    case 'alertmanager':
      return new Alertmanager(scope, spec.name, { ...common, connections, storage: storage(), receivers: [] });
    case 'backup-metrics':
      return new BackupMetrics(scope, spec.name, { ...common, storage: storage() });
    case 'mlflow':
      return makeMlflow(scope, spec, common, around);
    case 'grafana':
      return makeGrafana(scope, spec, common, around);
    case 'exporter':
      return makeExporter(scope, spec, common, around);
    case 'prometheus':
      return makePrometheus(scope, spec, common, around);
  }
}
