import { Duration, type Size } from 'cdk8s';
import { Construct } from 'constructs';
import { type ComponentProps, common } from './component.ts';
import type { Image } from './images.ts';
import type { Model } from './models.ts';
import { probes } from './probes.ts';
import { type Connectable, Workload } from './workload.ts';
import type { InitContainer, Storage, WorkloadProps } from './workload-props.ts';

/** The program that serves the models. Each kind has settings of its own. */
export type ModelRuntime = {
  /** The project's own server on ONNX Runtime. */
  readonly kind: 'inference';
  /** Requests that wait at most; more are refused with 429. @default - the server's own */
  readonly maxQueue?: number;
  /** Tokens in one batch at most. @default - the server's own */
  readonly maxBatchTokens?: number;
};

/** Where the weights of a model come from. */
export type ModelSource = {
  /** An image with the folder `/models`, copied once per pod. */
  readonly kind: 'image';
  readonly image: Image;
};

/** A model to serve. */
export interface ServedModel {
  readonly model: Model;
  readonly source: ModelSource;
}

/** Where the weights lie while the server runs. */
export type ModelCache =
  /** With the pod: it is filled again for each new one. */
  | { readonly kind: 'scratch'; readonly size: Size }
  /** On a claim per replica. */
  | ({ readonly kind: 'claim' } & Storage);

/** Properties of {@link ModelServer}. */
export interface ModelServerProps extends ComponentProps {
  readonly runtime: ModelRuntime;
  readonly models: readonly ServedModel[];
  readonly cache: ModelCache;
  /** @default 1 */
  readonly replicas?: number;
  /** @default 'info' */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
}

/** Serves models over HTTP. */
export class ModelServer extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;
  /** The models that it serves, with what is fixed about each. */
  readonly models: readonly Model[];

  constructor(scope: Construct, id: string, props: ModelServerProps) {
    super(scope, id);
    this.models = props.models.map(({ model }) => model);
    const { cache } = props;
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      ...runtimeOf(props),
      component: 'model-server',
      replicas: props.replicas ?? 1,
      init: props.models.map((served) => copyModel(served, props)),
      ...(cache.kind === 'scratch'
        ? { kind: 'Deployment', scratch: [{ name: 'models', path: '/models', size: cache.size }] }
        : { kind: 'StatefulSet', claims: [claimOf(cache)] }),
      // Requests that are being computed are answered before the end.
      terminationGracePeriod: Duration.seconds(45),
    });
    if (props.models.length === 0) {
      this.workload.report({ path: 'models', value: [], cure: 'name at least one model to serve' });
    }
    for (const [index, { name }] of this.models.entries()) {
      if (this.models.findIndex((model) => model.name === name) !== index) {
        this.workload.report({ path: `models[${index}]`, value: name, cure: 'name each model once' });
      }
    }
  }
}

type RuntimePart = Pick<WorkloadProps<'http'>, 'name' | 'image' | 'ports' | 'env' | 'probes'>;

/** What one runtime asks of the workload. */
function runtimeOf(props: ModelServerProps): RuntimePart {
  const { runtime } = props;
  switch (runtime.kind) {
    case 'inference':
      return {
        name: props.name ?? 'inference',
        image: props.images.get('inference'),
        ports: { http: { number: 8080, metrics: '/metrics' } },
        env: {
          PORT: '8080',
          MODEL_DIR: '/models',
          LOG_LEVEL: props.logLevel ?? 'info',
          ...(runtime.maxQueue !== undefined && { MAX_QUEUE: String(runtime.maxQueue) }),
          ...(runtime.maxBatchTokens !== undefined && { MAX_BATCH_TOKENS: String(runtime.maxBatchTokens) }),
        },
        probes: probes({
          started: { http: '/health/startup', port: 8080 },
          ready: { http: '/health/ready', port: 8080 },
          live: { http: '/health/live', port: 8080 },
          startWithin: Duration.minutes(10),
        }),
      };
  }
}

/** The image's own user may not read the server's volume, and the other way round; a copy by the pod's user may. */
function copyModel({ model, source }: ServedModel, props: ModelServerProps): InitContainer {
  return {
    name: `model-${model.name}`,
    image: source.image,
    command: ['cp', '-r', '/models/.', '/cache/'],
    mounts: { models: '/cache' },
    resources: props.resources,
  };
}

function claimOf({ size, storageClass }: Storage) {
  return { name: 'models', path: '/models', size, ...(storageClass && { storageClass }) };
}
