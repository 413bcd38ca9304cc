import { Construct } from 'constructs';
import { Credentials } from './credentials.ts';
import { checkPostgres } from './postgres-checks.ts';
import { makeCluster } from './postgres-cluster.ts';
import type { PostgresParts } from './postgres-parts.ts';
import { makePool, userList } from './postgres-pool.ts';
import type { PostgresProps } from './postgres-props.ts';
import { makeReaders, makeServer } from './postgres-server.ts';
import { runSetup } from './postgres-setup-job.ts';
import type { Connectable, Workload } from './workload.ts';

/**
 * PostgreSQL: a StatefulSet, with read replicas where asked for, or a cluster of CloudNativePG. The data of a StatefulSet lies in
 * `/data/pgdata` of a claim that outlives the pod.
 *
 * Its role, database and extension are made when the data folder is first filled; later changes of a password need an operation.
 */
export class Postgres extends Construct implements Connectable<'postgres'> {
  /** The server that writes. */
  readonly workload: Workload<'postgres'>;
  /** Where clients share connections; absent without pooling. */
  readonly pool: Workload<'postgres'> | undefined;
  /** Servers to read from that are a workload of their own; absent where there are none, or an operator has them. */
  readonly readers: Workload<'postgres'> | undefined;

  constructor(scope: Construct, id: string, props: PostgresProps) {
    super(scope, id);
    const name = props.name ?? 'postgres';
    const database = props.database ?? 'keelson';
    const form = props.form ?? { kind: 'statefulset' };
    const readReplicas = form.kind === 'statefulset' ? (form.readReplicas ?? 0) : 0;
    const parts: PostgresParts = {
      scope: this,
      name,
      database,
      props,
      // The role that replicas follow with is made by the job, too.
      setup: props.setup ?? (readReplicas > 0 ? {} : undefined),
      credentials: new Credentials(this, 'credentials', {
        name,
        values: {
          'admin-password': props.adminPassword,
          user: database,
          password: props.password,
          ...(readReplicas > 0 && { 'replication-password': props.replicationPassword ?? '' }),
          ...(props.pooling && { 'userlist.txt': userList(props, database) }),
        },
        forClients: { USER: 'user', PASSWORD: 'password' },
      }),
    };
    this.workload = form.kind === 'statefulset' ? makeServer(parts, readReplicas) : makeCluster(parts, form);
    const setup = parts.setup && runSetup(parts, this, parts.setup);
    this.readers = readReplicas > 0 ? makeReaders(parts, this, readReplicas, setup) : undefined;
    this.pool = props.pooling && makePool(parts, this, props.pooling, setup);
    for (const found of checkPostgres(parts, form, readReplicas)) this.workload.report(found);
  }
}
