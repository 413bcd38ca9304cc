import type { Size } from 'cdk8s';
import type { ComponentProps } from './component.ts';
import type { Connections, Outside } from './connections.ts';
import type { PostgresArchive } from './postgres-cloudnativepg.ts';
import type { PostgresSetup } from './postgres-setup.ts';
import type { Placement, Storage } from './workload-props.ts';

/** Who runs the servers. */
export type PostgresForm =
  /** One server that writes, and others that follow it and can be read from. */
  | {
      readonly kind: 'statefulset';
      /** @default 0 */
      readonly readReplicas?: number;
    }
  /** The operator CloudNativePG, where the cluster has it: it chooses another primary when one is lost. */
  | {
      readonly kind: 'cloudnativepg';
      /** Servers, the primary among them. */
      readonly instances: number;
      /** The log of changes on a volume of its own. @default - beside the data */
      readonly walStorage?: Storage;
      /** Address of the Kubernetes API, which every server asks who is the primary. */
      readonly api: Outside;
      /** Namespace of the operator. @default 'cnpg-system' */
      readonly operatorNamespace?: string;
    };

/** Clients share connections to the server, so that more of them can be there at a time. */
export interface PostgresPooling {
  /** `transaction` gives a connection back after each transaction: no session settings, no advisory locks. @default 'transaction' */
  readonly mode?: 'transaction' | 'session';
  /** Connections to the server for each pair of role and database, from each pod. */
  readonly size: number;
  /** Clients of each pod. @default 1000 */
  readonly clients?: number;
  /** @default 2 */
  readonly replicas?: number;
}

/** Properties of `Postgres`. */
export interface PostgresProps extends ComponentProps {
  readonly storage: Storage;
  /** Password of the administrator `postgres`, who is not for applications. */
  readonly adminPassword: string;
  /** Password of the application's role, which owns the database and nothing else. */
  readonly password: string;
  /**
   * How time series are stored: `extension` where the image has TimescaleDB (hypertables), `native-partitions` where not.
   * Clients learn it as `POSTGRES_TIMESERIES`: `hypertables` or `partitions`.
   */
  readonly timescale: 'extension' | 'native-partitions';
  /** The database, and the role that owns it. @default 'keelson' */
  readonly database?: string;
  /**
   * Roles without a login that the application's role may take on, each for a part of its work. Made with the database, before
   * anybody connects. Only for a StatefulSet. @default - none
   */
  readonly workRoles?: readonly string[];
  /** Work memory is shared out over them. @default 50 */
  readonly maxConnections?: number;
  /** Memory for pages that many queries read. @default - a quarter of the memory limit */
  readonly sharedBuffers?: Size;
  /** More settings of the server, which win. @default - none */
  readonly settings?: Readonly<Record<string, string>>;
  /** @default - a StatefulSet of one */
  readonly form?: PostgresForm;
  /** Roles, schemas, databases and extensions, which a job makes and keeps up to date. @default - none */
  readonly setup?: PostgresSetup;
  /** @default - clients connect to the server itself */
  readonly pooling?: PostgresPooling;
  /** Every change goes to a bucket, so that any moment can be restored. @default - none: only backups can be */
  readonly archive?: PostgresArchive;
  /** Password with which read replicas follow. @default - required where a StatefulSet has any */
  readonly replicationPassword?: string;
  /** @default - any node */
  readonly placement?: Placement;
  /** @default - required where there is more than the server itself */
  readonly connections?: Connections;
}
