import { Duration, Size } from 'cdk8s';
import type { EnvValue } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { type ComponentProps, common } from './component.ts';
import type { Connections } from './connections.ts';
import { Credentials } from './credentials.ts';
import { type Bucket, storePort } from './model-source.ts';
import { probes } from './probes.ts';
import { SharedClaim } from './shared-claim.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Storage } from './workload-props.ts';

/** Where models and files of runs are kept. */
export type MlflowArtifacts =
  | ({ readonly kind: 's3' } & Bucket)
  /** On a volume: for one replica, on one node. */
  | ({ readonly kind: 'claim' } & Storage);

/** Properties of {@link Mlflow}. */
export interface MlflowProps extends ComponentProps {
  /** The server that keeps experiments, runs and the registry of models. */
  readonly postgres: Connectable<'postgres'>;
  /** The database in it: one of its own, owned by the application's role. @default 'mlflow' */
  readonly database?: string;
  readonly artifacts: MlflowArtifacts;
  readonly connections: Connections;
  /** @default 1 */
  readonly replicas?: number;
  /** Processes of each pod. @default 2 */
  readonly workers?: number;
  /** More names under which browsers and clients come. @default - none */
  readonly hosts?: readonly string[];
}

const port = 5000;

/**
 * MLflow: experiments and the registry of models. Clients get `MLFLOW_URL`, and never need rights on the bucket: files go through the
 * server.
 */
export class Mlflow extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;

  constructor(scope: Construct, id: string, props: MlflowProps) {
    super(scope, id);
    const name = props.name ?? 'mlflow';
    const { artifacts, connections, postgres } = props;
    const claim =
      artifacts.kind === 'claim'
        ? new SharedClaim(this, 'artifacts', { name: `${name}-artifacts`, storage: artifacts, writers: 'one-node' })
        : undefined;
    const role = artifacts.kind === 's3' && artifacts.access.kind === 'role' ? artifacts.access : undefined;
    this.workload = new Workload<'http'>(this, 'workload', {
      ...common(props),
      name,
      component: 'model-registry',
      kind: 'Deployment',
      replicas: props.replicas ?? 1,
      image: props.images.get('mlflow'),
      command: ['mlflow', 'server'],
      args: [
        '--host=0.0.0.0',
        `--port=${port}`,
        `--workers=${props.workers ?? 2}`,
        '--serve-artifacts',
        `--artifacts-destination=${destination(artifacts)}`,
      ],
      ports: { http: { number: port } },
      env: {
        HOME: '/tmp',
        PYTHONDONTWRITEBYTECODE: '1',
        // Evaluations that the server would run itself need models that it cannot reach; without them it takes half the memory.
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
        ...this.#store(name, artifacts),
      },
      ...(role?.accountAnnotations && { accountAnnotations: role.accountAnnotations }),
      // Two versions of the server would migrate the same tables, and a volume belongs to one node.
      strategy: 'recreate',
      ...(claim && { existing: [{ name: 'artifacts', claim: claim.name, path: '/artifacts' }] }),
      // What is uploaded is spooled here.
      tmpSize: Size.gibibytes(2),
      probes: probes({
        ready: { http: '/health', port },
        live: { http: '/version', port },
        // Tables are made or migrated first.
        startWithin: Duration.minutes(10),
      }),
      terminationGracePeriod: Duration.seconds(60),
    });
    connections.connect(this, postgres, 'postgres', { env: 'POSTGRES_URL' });
    const host = postgres.workload.hostFor(this.workload);
    // The kubelet puts user and password in the place of their names.
    const address = `postgresql://$(POSTGRES_USER):$(POSTGRES_PASSWORD)@${host}:${postgres.workload.ports.postgres.number}`;
    this.workload.setEnv('MLFLOW_BACKEND_STORE_URI', `${address}/${props.database ?? 'mlflow'}`);
    this.workload.setEnv('MLFLOW_SERVER_ALLOWED_HOSTS', this.#hosts(name, props.hosts ?? []).join(','));
    if (artifacts.kind === 's3') connections.toOutside(this, artifacts.at, storePort(artifacts));
    if (claim && (props.replicas ?? 1) > 1) {
      this.workload.report({
        path: 'replicas',
        value: props.replicas,
        cure: 'a volume belongs to one node: use a bucket, or 1',
      });
    }
  }

  /** The server refuses names that it does not know, so that no page elsewhere can talk to it through a browser. */
  #hosts(name: string, more: readonly string[]): readonly string[] {
    const namespace = this.workload.namespace.name;
    const names = [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, 'localhost', '127.0.0.1'];
    return [...names.flatMap((host) => [host, `${host}:${port}`]), ...more];
  }

  #store(name: string, artifacts: MlflowArtifacts): Record<string, string | EnvValue> {
    if (artifacts.kind === 'claim') return {};
    const env: Record<string, string | EnvValue> = {
      AWS_DEFAULT_REGION: artifacts.region,
      ...(artifacts.endpoint !== undefined && { MLFLOW_S3_ENDPOINT_URL: artifacts.endpoint }),
    };
    if (artifacts.access.kind === 'role') return env;
    const { id, secret } = artifacts.access;
    const keys = new Credentials(this, 'store-credentials', { name: `${name}-store`, values: { id, secret } });
    return { ...env, AWS_ACCESS_KEY_ID: keys.env('id'), AWS_SECRET_ACCESS_KEY: keys.env('secret') };
  }
}

function destination(artifacts: MlflowArtifacts): string {
  if (artifacts.kind === 'claim') return '/artifacts';
  return `s3://${[artifacts.bucket, ...(artifacts.prefix === undefined ? [] : [artifacts.prefix])].join('/')}`;
}
