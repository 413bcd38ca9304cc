import type { Construct } from 'constructs';
import { type Connectable, Orchestrator, type OrchestratorProps, Qdrant } from '../../constructs/index.ts';
import { policyIn } from '../caller-policy.ts';
import type { OrchestratorSpec } from '../platforms/platform.ts';
import { providersOf } from '../providers.ts';
import { embedding } from './models.ts';
import { type Common, replicasOf, type Surroundings } from './surroundings.ts';

/** The gateway, with its providers and what it decides about callers. */
export function makeOrchestrator(
  scope: Construct,
  spec: OrchestratorSpec,
  common: Common,
  { environment, connections, secret, made }: Surroundings,
): Orchestrator {
  const providers = providersOf(spec, environment, made, secret);
  const policy = policyIn(spec, environment);
  const orchestrator = new Orchestrator(scope, spec.name, {
    ...common,
    features: spec.features,
    tokens: Object.fromEntries(Object.entries(spec.tokens).map(([caller, name]) => [caller, secret(name)])),
    replicas: replicasOf(spec, environment),
    ...(spec.embedding && {
      embedding: {
        model: embedding(spec.embedding.model),
        // As long as the vectors that the model makes: a collection is made by the one who fills it.
        collection: { name: spec.embedding.collection, dimension: embedding(spec.embedding.model).dimension },
      },
    }),
    ...(providers.length > 0 && { providers: { connections, list: providers.map(({ provider }) => provider) } }),
    ...(policy && { policy }),
    ...(spec.objectives && { objectives: spec.objectives }),
    ...vectorKeyOf(made),
    ...(spec.secretNames && { secretNames: spec.secretNames }),
    ...(spec.ports && { portAliases: spec.ports }),
    ...(spec.role !== undefined && { databaseRole: spec.role }),
    ...(spec.spot === true && environment.spot && { placement: environment.spot }),
  });
  for (const { target } of providers) {
    const component = target && made.get(target.component);
    if (component) connections.connect(orchestrator, component, target.port, { env: false });
  }
  return orchestrator;
}

/** The key of the Qdrant that the platform has, if any. */
function vectorKeyOf(made: ReadonlyMap<string, Connectable>): Pick<OrchestratorProps, 'vectorKey'> {
  const qdrant = [...made.values()].find((component) => component instanceof Qdrant);
  const credentials = qdrant?.workload.ports.http.credentials;
  const key = credentials?.forClients.API_KEY;
  return credentials === undefined || key === undefined ? {} : { vectorKey: { credentials, key } };
}
