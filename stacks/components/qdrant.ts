import type { Construct } from 'constructs';
import { Qdrant } from '../../constructs/index.ts';
import type { QdrantSpec } from '../platforms/platform.ts';
import { embedding } from './models.ts';
import { type Common, type Surroundings, storageOf } from './surroundings.ts';

/** A Qdrant: several peers, with TLS between them where the environment has certificates. */
export function makeQdrant(
  scope: Construct,
  spec: QdrantSpec,
  common: Common,
  { environment, connections, secret }: Surroundings,
): Qdrant {
  const storage = storageOf(spec, environment);
  const peers = spec.peers[environment.scale];
  return new Qdrant(scope, spec.name, {
    ...common,
    connections,
    storage,
    apiKey: secret(spec.apiKey),
    readOnlyApiKey: secret(spec.readOnlyApiKey),
    snapshots: { kind: 'claim', ...storage },
    topology:
      peers === 1
        ? { kind: 'single' }
        : {
            kind: 'distributed',
            peers,
            ...(environment.capabilities.has('certManager') && {
              tls: { name: 'keelson-internal', kind: 'ClusterIssuer' },
            }),
          },
    collections: spec.collections.map(({ name, model }) => ({ name, dimension: embedding(model).dimension })),
  });
}
