import type { ApiObject } from 'cdk8s';
import { common } from './component.ts';
import { Credentials } from './credentials.ts';
import { storePort } from './model-source.ts';
import { archiveObjects, clusterSpec } from './postgres-cloudnativepg.ts';
import { archiveKeys, connectionsFor, type PostgresParts, portOf, settingsOf } from './postgres-parts.ts';
import type { PostgresForm } from './postgres-props.ts';
import { Workload } from './workload.ts';

/** Servers that CloudNativePG runs, and the ways that they and the operator need. */
export function makeCluster(
  parts: PostgresParts,
  form: Extract<PostgresForm, { kind: 'cloudnativepg' }>,
): Workload<'postgres'> {
  const props = parts.props;
  const name = parts.name;
  const login = (id: string, username: string, password: string) =>
    new Credentials(parts.scope, id, { name: `${name}-${id}`, values: { username, password } });
  const secrets = {
    admin: login('superuser', 'postgres', props.adminPassword).name,
    application: login('app', parts.database, props.password).name,
  };
  const timescale = props.timescale === 'extension';
  const connections = connectionsFor(parts, 'a cluster');
  const workload = new Workload<'postgres' | 'metrics' | 'status'>(parts.scope, 'workload', {
    ...common(props),
    name,
    component: 'database',
    kind: 'Custom',
    image: props.images.get('postgres-cloudnativepg'),
    replicas: form.instances,
    ports: {
      postgres: portOf(parts, { READ_URL: `postgresql://${name}-ro:5432/${parts.database}` }),
      metrics: { number: 9187, metrics: '/metrics' },
      status: { number: 8000 },
    },
    custom: {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      serves: { 'cnpg.io/instanceRole': 'primary' },
      spec: clusterSpec({
        name,
        instances: form.instances,
        image: props.images.get('postgres-cloudnativepg').reference,
        database: parts.database,
        storage: props.storage,
        ...(form.walStorage && { walStorage: form.walStorage }),
        resources: props.resources,
        settings: settingsOf(parts),
        timescale,
        secrets,
        ...(props.archive && { archive: props.archive }),
        ...(props.placement && { placement: props.placement }),
        ...(props.priorityClass && { priorityClass: props.priorityClass }),
      }),
    },
  });
  for (const port of ['postgres', 'status'] as const) {
    connections.connect(workload, workload, port, { env: false, order: false });
  }
  connections.fromOutside({ namespace: form.operatorNamespace ?? 'cnpg-system' }, workload, 'status');
  connections.fromOutside({ namespace: form.operatorNamespace ?? 'cnpg-system' }, workload, 'postgres');
  connections.toOutside(workload, form.api, 443);
  connections.toOutside(workload, form.api, 6443);
  if (props.archive) {
    const { archive } = props;
    const keys = archive.access.kind === 'keys' ? archiveKeys(parts, archive.access).name : undefined;
    connections.toOutside(workload, archive.at, storePort(archive));
    const [store, backups] = archiveObjects(parts.scope, { name, namespace: workload.namespace.name, archive, keys });
    const order = (first: ApiObject | undefined, then: ApiObject | undefined) => first && then?.addDependency(first);
    order(store, workload.controller);
    order(workload.controller, backups);
  }
  return workload;
}
