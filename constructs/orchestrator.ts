import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { type ComponentProps, common } from './component.ts';
import type { Connections } from './connections.ts';
import { cpuMillis } from './cpu-millis.ts';
import { Credentials } from './credentials.ts';
import { checkEmbedding, type EmbeddingModel, type VectorCollection } from './models.ts';
import { checkPolicy, type OrchestratorPolicy, policyFile } from './orchestrator-policy.ts';
import { probes } from './probes.ts';
import type { Problem } from './problem.ts';
import { checkProviders, type Provider, providerKeys, providerPort, providersFile } from './providers.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Placement } from './workload-props.ts';

/** A part of the orchestrator that a platform switches on. */
export type Feature =
  /** Chat, embeddings and models over the OpenAI API. */
  | 'gateway'
  /** Documents, search, and answers with citations. */
  | 'rag'
  /** A planner over the tools of the MCP servers. */
  | 'agents'
  /** Limits of what each user may spend. */
  | 'budgets'
  /** Similarity of texts and ranking by it. */
  | 'similarity'
  /** Variants of a text with one attribute swapped, scored. */
  | 'counterfactuals'
  /** Experiments with models and prompts, their promotion and quarantine. */
  | 'experiments'
  /** Service levels of the stable version. */
  | 'production'
  /** Records of experiments that failed. */
  | 'quarantine';

/** Variables that a feature cannot do without, one of each list. Connections set them. */
const needs: Readonly<Record<Feature, readonly (readonly string[])[]>> = {
  gateway: [],
  rag: [['POSTGRES_URL'], ['MILVUS_URL', 'QDRANT_URL'], ['INFERENCE_URL']],
  agents: [['MCP_FILESYSTEM_URL', 'MCP_GIT_URL', 'MCP_MEMORY_URL']],
  budgets: [['REDIS_URL']],
  similarity: [['INFERENCE_URL']],
  counterfactuals: [['POSTGRES_URL'], ['INFERENCE_URL']],
  experiments: [['POSTGRES_URL']],
  production: [['POSTGRES_URL']],
  quarantine: [['POSTGRES_URL']],
};

/** What the orchestrator embeds with, and where the vectors go. */
export interface Embedding {
  readonly model: EmbeddingModel;
  readonly collection: VectorCollection;
}

/** What an endpoint promises. */
export interface Objective {
  /** The 95th percentile of the time to answer. */
  readonly p95: Duration;
  /** Share of requests that may fail, above 0, at most 1. */
  readonly errorRate: number;
}

const port = 8000;
const healthPort = 8081;
/** As many as the service takes. */
const mostWorkers = 64;

/** Where its configuration is mounted, read-only. */
const configFolder = '/etc/orchestrator/config';

/** Where it notes calls of the last moment. */
const writeAheadFolder = '/var/lib/orchestrator';

/** Properties of {@link Orchestrator}. */
export interface OrchestratorProps extends ComponentProps {
  readonly features: readonly Feature[];
  /** Name of each caller to its bearer token. A changed token is taken up without a restart. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Needed by the feature `rag`. @default - none */
  readonly embedding?: Embedding;
  /** Providers of language models, and the connections that open the way to those outside. @default - none: answers are extractive */
  readonly providers?: { readonly list: readonly Provider[]; readonly connections: Connections };
  /** Limits, budgets, cache, and who the callers are. @default - the service's own: generous rates, no budgets, no cache */
  readonly policy?: OrchestratorPolicy;
  /** What endpoints promise, by the pattern of the route. @default - the service's own, see its page */
  readonly objectives?: Readonly<Record<string, Objective>>;
  /** Key of the vector database that it is connected to, as a file that is read again when it changes. @default - it asks for none */
  readonly vectorKey?: { readonly credentials: Credentials; readonly key: string };
  /** More numbers of its service's port, by name, for clients that expect another than 8000. @default - none */
  readonly portAliases?: Readonly<Record<string, number>>;
  /** Role of the database that it works as. @default - the one that it logs in as */
  readonly databaseRole?: string;
  /** @default - any node */
  readonly placement?: Placement;
  /** Names of its Secrets, where procedures expect others. @default - `<name>-tokens` and `<name>-keys` */
  readonly secretNames?: { readonly tokens?: string; readonly keys?: string };
  /** @default 1 */
  readonly replicas?: number;
  /**
   * How many processes serve in each replica, 1 to 64: one for each processor that it may use. More than one need Redis.
   *
   * @default 1
   */
  readonly workers?: number;
  /** @default 'info' */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
  /** How long running requests may take at shutdown. @default Duration.seconds(20) */
  readonly shutdownGrace?: Duration;
}

/** The gateway and RAG service. Its databases and models come by connections. */
export class Orchestrator extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;

  constructor(scope: Construct, id: string, props: OrchestratorProps) {
    super(scope, id);
    const name = props.name ?? 'orchestrator';
    const grace = props.shutdownGrace ?? Duration.seconds(20);
    const tokens = new Credentials(this, 'tokens', {
      name: props.secretNames?.tokens ?? `${name}-tokens`,
      values: props.tokens,
    });
    const providers = props.providers?.list ?? [];
    const keys = new Credentials(this, 'keys', {
      name: props.secretNames?.keys ?? `${name}-keys`,
      values: providerKeys(providers),
    });
    const replicas = props.replicas ?? 1;
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name,
      component: 'gateway',
      kind: 'Deployment',
      replicas,
      image: props.images.get('orchestrator'),
      ports: { http: { number: port, metrics: '/metrics', ...(props.portAliases && { aliases: props.portAliases }) } },
      healthPort,
      ...(props.placement && { placement: props.placement }),
      env: {
        PORT: String(port),
        HEALTH_PORT: String(healthPort),
        ...((props.workers ?? 1) !== 1 && { WORKERS: String(props.workers) }),
        LOG_LEVEL: props.logLevel ?? 'info',
        FEATURES: props.features.join(','),
        API_TOKENS_DIR: '/etc/orchestrator/tokens',
        PROVIDERS_FILE: `${configFolder}/providers.json`,
        ...(props.policy && { POLICY_FILE: `${configFolder}/policy.json` }),
        ...(props.objectives && { SLO_OBJECTIVES: objectivesText(props.objectives) }),
        WRITE_AHEAD_DIR: writeAheadFolder,
        SHUTDOWN_GRACE_SECONDS: String(grace.toSeconds()),
        ...(props.vectorKey && { QDRANT_API_KEY_FILE: '/etc/orchestrator/vectors/api-key' }),
        ...(props.databaseRole !== undefined && { POSTGRES_ROLE: props.databaseRole }),
        ...(props.embedding && {
          EMBEDDING_MODEL: props.embedding.model.name,
          EMBEDDING_DIMENSION: String(props.embedding.model.dimension),
        }),
      },
      config: [
        {
          name: 'config',
          path: configFolder,
          files: {
            'providers.json': providersFile(providers),
            ...(props.policy && { 'policy.json': policyFile(props.policy) }),
          },
        },
      ],
      // Calls of the last moment, for the container that follows one that was killed. In memory, so that no busy disk holds up a request.
      scratch: [
        {
          name: 'write-ahead',
          path: writeAheadFolder,
          size: Size.mebibytes(32 * (props.workers ?? 1)),
          medium: 'memory',
        },
      ],
      secrets: [
        { path: '/etc/orchestrator/tokens', credentials: tokens },
        { path: '/etc/orchestrator/keys', credentials: keys },
        ...(props.vectorKey
          ? [
              {
                path: '/etc/orchestrator/vectors',
                credentials: props.vectorKey.credentials,
                items: { [props.vectorKey.key]: 'api-key' },
              },
            ]
          : []),
      ],
      probes: probes({
        started: { http: '/health/startup', port },
        // A thread of its own answers there: a probe that waits behind other requests would tell the length of the queue.
        ready: { http: '/health/ready', port: healthPort },
        live: { http: '/health/live', port: healthPort },
      }),
      // The pause before SIGTERM and some time to flush the ledger come on top of the service's own grace.
      terminationGracePeriod: Duration.seconds(grace.toSeconds() + 15),
    });
    this.#check(props);
    for (const provider of providers) {
      if (provider.at && URL.canParse(provider.baseUrl)) {
        props.providers?.connections.toOutside(this, provider.at, providerPort(provider));
      }
    }
  }

  #check(props: OrchestratorProps): void {
    const { embedding } = props;
    if (embedding) {
      for (const found of checkEmbedding(embedding.model, embedding.collection)) this.workload.report(found);
    } else if (props.features.includes('rag')) {
      this.workload.report({
        path: 'embedding',
        value: null,
        cure: 'the feature "rag" needs a model and a collection',
      });
    }
    for (const found of checkProviders(props.providers?.list ?? [])) this.workload.report(found);
    for (const found of props.policy ? checkPolicy(props.policy, Object.keys(props.tokens)) : []) {
      this.workload.report(found);
    }
    for (const found of checkObjectives(props.objectives ?? {})) this.workload.report(found);
    this.#checkWorkers(props);
    if (props.features.length === 0) {
      this.workload.report({
        path: 'features',
        value: [],
        cure: `switch on at least one of ${Object.keys(needs).join(', ')}`,
      });
    }
    if (Object.keys(props.tokens).length === 0) {
      this.workload.report({
        path: 'tokens',
        value: {},
        cure: 'name at least one caller; without a token nobody may call',
      });
    }
    for (const caller of Object.keys(props.tokens)) {
      if (!/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/.test(caller)) {
        this.workload.report({
          path: `tokens.${caller}`,
          value: caller,
          cure: 'use lower-case letters, digits, dots and hyphens',
        });
      }
    }
    // Connections are declared after the construct is made, so this waits for synth.
    this.node.addValidation({
      validate: () => [
        ...this.#lackingForWorkers(props.workers ?? 1),
        ...props.features.flatMap((feature) =>
          needs[feature]
            .filter((variables) => !variables.some((variable) => this.workload.hasEnv(variable)))
            .map((variables) => {
              const lacking = variables.join(' or ');
              return `features is "${feature}": it needs ${lacking}; declare the connection that sets it`;
            }),
        ),
      ],
    });
  }

  #checkWorkers({ workers = 1, resources }: OrchestratorProps): void {
    if (!Number.isInteger(workers) || workers < 1 || workers > mostWorkers) {
      this.workload.report({ path: 'workers', value: workers, cure: `use a whole number from 1 to ${mostWorkers}` });
      return;
    }
    const limit = resources.cpu.limit && cpuMillis(resources.cpu.limit);
    if (limit !== undefined && workers > 1 && limit < 1000 * workers) {
      const cure = `lower it to ${Math.max(1, Math.floor(limit / 1000))}, or raise the CPU limit to ${workers}`;
      this.workload.report({ path: 'workers', value: workers, cure });
    }
  }

  #lackingForWorkers(workers: number): readonly string[] {
    return workers > 1 && !this.workload.hasEnv('REDIS_URL')
      ? [
          `workers is ${workers}: they share limits through Redis, and need REDIS_URL; declare the connection that sets it`,
        ]
      : [];
  }
}

/** As the service reads it from its environment. */
function objectivesText(objectives: Readonly<Record<string, Objective>>): string {
  const entries = Object.entries(objectives).map(([route, { p95, errorRate }]) => [
    route,
    { p95Ms: p95.toMilliseconds(), errorRate },
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

function checkObjectives(objectives: Readonly<Record<string, Objective>>): readonly Problem[] {
  return Object.entries(objectives).flatMap(([route, { p95, errorRate }]) => {
    const found: Problem[] = [];
    const path = `objectives["${route}"]`;
    if (!route.startsWith('/')) {
      found.push({ path: 'objectives', value: route, cure: 'write the pattern of a route, such as /v1/rerank' });
    }
    if (p95.toMilliseconds() <= 0)
      found.push({ path: `${path}.p95`, value: p95.toHumanString(), cure: 'use a time above 0' });
    if (!(errorRate > 0 && errorRate <= 1)) {
      found.push({ path: `${path}.errorRate`, value: errorRate, cure: 'use a share above 0, at most 1' });
    }
    return found;
  });
}
