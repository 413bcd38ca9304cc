import { Duration, type Size } from 'cdk8s';
import { Construct } from 'constructs';
import type { ScalingMetric } from './autoscaling.ts';
import { type ComponentProps, common } from './component.ts';
import type { Outside } from './connections.ts';
import { Credentials } from './credentials.ts';
import { GpuLedger } from './gpu-ledger.ts';
import { checkRequest, type GpuRequest, gpuResource, placementOn } from './gpu-pool.ts';
import { checkSource, type Download, type DownloadSecrets, downloadContainer } from './model-download.ts';
import { checkMemory } from './model-server-memory.ts';
import { storePort } from './model-source.ts';
import type { Model } from './models.ts';
import type { Problem } from './problem.ts';
import { type ModelRuntime, planOf } from './runtimes/index.ts';
import type { RuntimePlan, ServedModel } from './runtimes/runtime.ts';
import { SharedClaim } from './shared-claim.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Placement, Storage, WorkloadProps } from './workload-props.ts';

/** Where the weights lie while the server runs. */
export type ModelCache =
  /** With the pod: it is filled again for each new one. */
  | { readonly kind: 'scratch'; readonly size: Size }
  /** On a claim per replica. */
  | ({ readonly kind: 'claim' } & Storage)
  /** On one claim that all replicas write to and read: its class has to allow that. */
  | ({ readonly kind: 'shared' } & Storage);

/** What the model is computed on. */
export type ModelVariant = { readonly kind: 'cpu' } | ({ readonly kind: 'gpu' } & GpuRequest);

/** What clients have to show. They get it through a connection, as `<SERVER>_TOKEN`. */
export interface ModelServerAuth {
  readonly token: string;
  /** Name of the Secret. @default - the server's name and `-secret` */
  readonly secret?: string;
  /** Key in it. @default 'auth-token' */
  readonly key?: string;
}

/** Several pods on several nodes that hold one copy of a model together, by LeaderWorkerSet. */
export interface ModelServerGroup {
  /** Pods of a group, the leader among them: the model's layers are shared out over them. */
  readonly size: number;
}

/** Properties of {@link ModelServer}. */
export interface ModelServerProps extends ComponentProps {
  readonly runtime: ModelRuntime;
  readonly models: readonly ServedModel[];
  readonly cache: ModelCache;
  /** @default - the CPU */
  readonly variant?: ModelVariant;
  /** Copies of the whole; pods, where no group is asked for. @default 1 */
  readonly replicas?: number;
  /** vLLM only, and only where the cluster has the LeaderWorkerSet operator. @default - one pod holds the model */
  readonly group?: ModelServerGroup;
  /** Port that it listens on. @default - the runtime's own */
  readonly port?: number;
  /** @default - whoever is connected may ask */
  readonly auth?: ModelServerAuth;
  /** Nodes for a server without a GPU; one with a GPU goes where its pool is. @default - any node */
  readonly placement?: Placement;
  /** @default 'info' */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
}

/** What a number of replicas follows. */
export interface QueueDepth {
  /** The Prometheus that scrapes the server. */
  readonly server: Connectable<'http'>;
  /** Waiting requests for each replica. */
  readonly perReplica: number;
  /** PromQL for requests that wait for the server where they come from, which is what starts the first replica. @default - none */
  readonly demand?: string;
}

const folder = '/models';

/** Serves models over HTTP. */
export class ModelServer extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;
  /** The models that it serves, with what is fixed about each. */
  readonly models: readonly Model[];
  readonly #plan: RuntimePlan;

  constructor(scope: Construct, id: string, props: ModelServerProps) {
    super(scope, id);
    this.models = props.models.map(({ model }) => model);
    const { cache, variant = { kind: 'cpu' } } = props;
    const gpu = variant.kind === 'gpu' ? variant : undefined;
    const auth = props.auth && this.#credentials(props, props.auth);
    const plan = planOf(props.runtime, {
      images: props.images,
      models: props.models,
      folder,
      nodes: props.group?.size ?? 1,
      logLevel: props.logLevel ?? 'info',
      ...(gpu && { devices: gpu.count }),
      ...(props.port !== undefined && { port: props.port }),
      ...(auth && { token: auth.env(keyOf(props.auth)) }),
    });
    this.#plan = plan;
    const name = props.name ?? plan.name;
    const downloads = downloadsOf(props);
    const placement = gpu ? placementOn(gpu.pool) : props.placement;
    const { http, ...otherPorts } = plan.ports;
    this.workload = new Workload<'http'>(this, 'workload', {
      ...common(props),
      ...(gpu && { resources: { ...props.resources, devices: { [gpuResource(gpu)]: gpu.count } } }),
      name,
      component: 'model-server',
      image: { reference: plan.image, version: plan.version },
      ...(plan.command && { command: plan.command }),
      ...(plan.args && { args: plan.args }),
      env: plan.env,
      ports: { http: { ...http, ...(auth && { credentials: auth }) }, ...otherPorts },
      probes: plan.probes,
      ...(plan.tmpSize && { tmpSize: plan.tmpSize }),
      replicas: props.replicas ?? 1,
      init: this.#init(downloads, props),
      ...this.#storage(name, cache, props, plan),
      ...(placement && { placement }),
      // Requests that are being computed are answered before the end.
      terminationGracePeriod: Duration.seconds(45),
    });
    for (const { source } of downloads) this.#open(source);
    if (props.group) this.#openGroup();
    this.#check(props, plan, downloads);
    if (gpu && checkRequest(gpu).length === 0) {
      GpuLedger.of(this).add(this, gpu.pool, gpu.count, () => this.workload.scale.max * (props.group?.size ?? 1));
    }
  }

  /**
   * Requests that wait, as what a number of replicas follows. KEDA measures it; with `demand`, also while there is no replica.
   */
  queueDepth({ server, perReplica, demand }: QueueDepth): ScalingMetric {
    const { waiting } = this.#plan;
    if (waiting === undefined && demand === undefined) {
      this.workload.report({
        path: 'queueDepth.demand',
        value: null,
        cure: `${this.#plan.name} does not tell how many requests wait: give a query that counts them where they come from`,
      });
    }
    const own = waiting === undefined ? [] : [`(sum(${waiting}{job="${this.workload.name}"}) or vector(0))`];
    const query = [...own, ...(demand === undefined ? [] : [`(${demand} or vector(0))`])].join(' + ') || 'vector(0)';
    return { kind: 'prometheus', server, query, threshold: perReplica };
  }

  #credentials(props: ModelServerProps, auth: ModelServerAuth): Credentials {
    const key = keyOf(auth);
    return new Credentials(this, 'auth', {
      name: auth.secret ?? `${props.name ?? props.runtime.kind}-secret`,
      values: { [key]: auth.token },
      forClients: { TOKEN: key },
    });
  }

  #init(downloads: readonly Download[], props: ModelServerProps) {
    const secrets = new Map(downloads.map((download) => [download.name, this.#secrets(download, props)]));
    const context = { images: props.images, runtime: props.runtime.kind, resources: props.resources, secrets };
    return downloads.flatMap((download) => downloadContainer(download, context) ?? []);
  }

  #secrets({ name, source }: Download, props: ModelServerProps): DownloadSecrets {
    const secret = `${props.name ?? props.runtime.kind}-${name.toLowerCase().replace(/[^a-z0-9-]+/g, '-')}`;
    if (source.kind === 's3' && source.access.kind === 'keys') {
      const { id, secret: key } = source.access;
      const made = new Credentials(this, `source-${name}`, { name: secret, values: { id, secret: key } });
      return { keys: { id: made.env('id'), secret: made.env('secret') } };
    }
    if (source.kind === 'hub' && source.token !== undefined) {
      const made = new Credentials(this, `source-${name}`, { name: secret, values: { token: source.token } });
      return { token: made.env('token') };
    }
    return {};
  }

  /** Where the weights lie, and with it the kind of controller. */
  #storage(name: string, cache: ModelCache, { models, group }: ModelServerProps, plan: RuntimePlan) {
    const scratch = plan.scratch ?? [];
    const size = {
      size: cache.size,
      ...('storageClass' in cache && cache.storageClass && { storageClass: cache.storageClass }),
    };
    const kind = group ? groupKind(group) : { kind: 'Deployment' as const };
    const mounted = models.flatMap(({ model, source }) => (source.kind === 'claim' ? [{ model, source }] : []));
    const existing = mounted.map(({ model, source }) => ({
      name: `claim-${source.claim}`.slice(0, 63),
      claim: source.claim,
      path: `${folder}/${model.name}`,
      subPath: source.folder ?? model.name,
      readOnly: true,
    }));
    const accounts = models.flatMap(({ source }) =>
      source.kind === 's3' && source.access.kind === 'role' ? [source.access.accountAnnotations ?? {}] : [],
    );
    const rest = {
      ...(existing.length > 0 && { existing }),
      ...(accounts.length > 0 && { accountAnnotations: Object.assign({}, ...accounts) as Record<string, string> }), // assign types it as any
    };
    switch (cache.kind) {
      case 'scratch':
        return { ...rest, ...kind, scratch: [{ name: 'models', path: folder, size: cache.size }, ...scratch] };
      case 'claim':
        return { ...rest, kind: 'StatefulSet' as const, scratch, claims: [{ name: 'models', path: folder, ...size }] };
      case 'shared': {
        const claim = new SharedClaim(this, 'models', { name: `${name}-models`, storage: size });
        const shared = { name: 'models', claim: claim.name, path: folder, readOnly: false };
        return { ...rest, ...kind, scratch, existing: [shared, ...existing] };
      }
    }
  }

  /** Weights that come over the network need a way there. The policy is the pod's: it stays open while the server runs. */
  #open(source: Download['source']): void {
    if (source.kind === 'image' || source.kind === 'claim') return;
    const port = source.kind === 's3' ? storePort(source) : 443;
    this.workload.allow({ direction: 'egress', peer: peerOf(source.at), port, protocol: 'TCP' });
  }

  /** The parts of a model talk on ports that they choose themselves, among each other only. */
  #openGroup(): void {
    const peer = { kind: 'pods', namespace: this.workload.namespace.name, labels: this.workload.podLabels } as const;
    for (const direction of ['ingress', 'egress'] as const) {
      this.workload.allow({ direction, peer, port: 1024, endPort: 65535, protocol: 'TCP' });
    }
  }

  #check(props: ModelServerProps, plan: RuntimePlan, downloads: readonly Download[]): void {
    const { workload } = this;
    if (props.models.length === 0) {
      workload.report({ path: 'models', value: [], cure: 'name at least one model to serve' });
    }
    const seen = new Set<string>();
    for (const [index, { name }] of this.models.entries()) {
      if (seen.has(name)) workload.report({ path: `models[${index}]`, value: name, cure: 'name each model once' });
      seen.add(name);
    }
    for (const found of checkAccounts(props)) workload.report(found);
    for (const found of plan.problems ?? []) workload.report(found);
    for (const [index, download] of downloads.entries()) {
      for (const found of checkSource(download, props.runtime.kind, `models[${index}]`)) workload.report(found);
    }
    if (props.variant?.kind === 'gpu') {
      for (const found of checkRequest(props.variant)) workload.report(found);
    }
    for (const found of checkMemory(props, plan)) workload.report(found);
    if (props.group !== undefined) {
      const { size } = props.group;
      if (!Number.isInteger(size) || size < 2) {
        workload.report({
          path: 'group.size',
          value: size,
          cure: 'use a whole number, 2 or more, or leave the group out',
        });
      }
      if (props.runtime.kind !== 'vllm') {
        workload.report({ path: 'group', value: props.runtime.kind, cure: 'only vllm shares a model out over nodes' });
      }
      if (props.cache.kind === 'claim') {
        workload.report({
          path: 'cache.kind',
          value: 'claim',
          cure: 'a group has no claim per pod: use "shared" or "scratch"',
        });
      }
    }
  }
}

/** Pods have one service account: what one model needs it to say must not undo what another one needs. */
function checkAccounts({ models }: ModelServerProps): readonly Problem[] {
  const said = new Map<string, string>();
  return models.flatMap(({ source }, index) => {
    const role = source.kind === 's3' && source.access.kind === 'role' ? source.access : undefined;
    return Object.entries(role?.accountAnnotations ?? {}).flatMap(([key, value]) => {
      const before = said.get(key) ?? value;
      said.set(key, before);
      const path = `models[${index}].source.access.accountAnnotations["${key}"]`;
      const cure = `another model sets it to "${before}", and there is one service account: write one value for all models`;
      return before === value ? [] : [{ path, value, cure }];
    });
  });
}

function groupKind({ size }: ModelServerGroup): Pick<WorkloadProps, 'kind' | 'group'> {
  return { kind: 'LeaderWorkerSet', group: { size, workerArgs: ['--headless'] } };
}

function keyOf(auth: ModelServerAuth | undefined): string {
  return auth?.key ?? 'auth-token';
}

/** All weights: the models', and those of adapters. */
function downloadsOf({ models, runtime }: ModelServerProps): readonly Download[] {
  const adapters = runtime.kind === 'vllm' ? (runtime.adapters ?? []) : [];
  return [...models.map(({ model, source }) => ({ name: model.name, source })), ...adapters];
}

function peerOf(at: Outside) {
  return 'cidr' in at ? ({ kind: 'cidr', ...at } as const) : ({ kind: 'namespace', ...at } as const);
}
