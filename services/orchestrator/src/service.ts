import type pg from 'pg';
import { buildApp } from './app.ts';
import { Tokens } from './auth/tokens.ts';
import { createAccounting } from './budgets/create.ts';
import type { Config } from './config.ts';
import { type Dependency, DependencyMonitor } from './dependencies/monitor.ts';
import { Reconciler } from './documents/reconciler.ts';
import { Upkeep } from './documents/upkeep.ts';
import { DocumentWriter } from './documents/writer.ts';
import { describeError } from './errors/describe.ts';
import { createFeatureSets } from './feature-sets.ts';
import { Gateway } from './gateway/gateway.ts';
import { ModelClient } from './gateway/model-client.ts';
import { HealthThread } from './health/health-thread.ts';
import { notReady } from './health/readiness.ts';
import type { App } from './http/type-provider.ts';
import { Lifecycle } from './lifecycle.ts';
import { LogLines, STDOUT } from './log-lines.ts';
import { createLogger } from './logging.ts';
import { createMetrics } from './metrics.ts';
import type { VectorStore } from './ports/vector-store.ts';
import { createProviders } from './providers/create.ts';
import { Retriever } from './retrieval/retriever.ts';
import type { RagDeps } from './routes/deps.ts';
import { type StartupStep, startUp } from './startup.ts';
import { PostgresDocuments } from './stores/postgres/documents.ts';
import { migrate } from './stores/postgres/migrations.ts';
import { createPool, pingPostgres } from './stores/postgres/pool.ts';
import { RedisConnection } from './stores/redis/connection.ts';
import { openVectors } from './stores/vectors.ts';
import { ChatModel } from './upstream/chat-model.ts';
import { InferenceClient } from './upstream/inference.ts';
import { checkMcp } from './upstream/mcp-health.ts';
import type { PrimaryLink } from './workers/primary-link.ts';

/** Folders that come with the service. */
export interface ServiceFiles {
  readonly migrations: string;
  readonly docsAssets: string;
  /** The web page; undefined: there is none */
  readonly web: string | undefined;
  /** The thread that answers probes. */
  readonly healthThread: string;
}

/** The whole service, built from its configuration: what `main.ts` runs, and a test can. */
export interface Service {
  readonly app: App;
  readonly lifecycle: Lifecycle;
  /** Starts what runs in the background: start-up steps, monitors, upkeep. Resolves when probes are answered. */
  start(): Promise<void>;
  /** Stops all of it and closes every connection. */
  stop(): Promise<void>;
}

/**
 * Connects configuration, stores, upstreams and app. Nothing here talks to a dependency before `start`.
 *
 * @param primary To the process that supervises this one; undefined: it serves alone.
 */
export async function createService(config: Config, files: ServiceFiles, primary?: PrimaryLink): Promise<Service> {
  const log = createLogger(config.logLevel, new LogLines(STDOUT, primary !== undefined));
  const metrics = createMetrics({ processMetrics: true });
  const lifecycle = new Lifecycle();
  const stopping = new AbortController();
  const dependencies: Dependency[] = [];
  const steps: StartupStep[] = [];
  const closers: (() => unknown)[] = [];

  const tokens = new Tokens({
    dir: config.apiTokensDir,
    policy: config.policy,
    onProblem: (caller, problem) => log.warn({ event: 'token_unusable', caller, problem }),
    onReload: (count) => log[count === 0 ? 'warn' : 'info']({ event: 'tokens_loaded', count }),
  });
  closers.push(() => tokens.close());

  const { embedding, inferenceToken, inferenceUrl, postgres, redis } = config;
  const inference =
    inferenceUrl === undefined
      ? undefined
      : new InferenceClient({ url: inferenceUrl, token: inferenceToken, ...embedding });
  if (inference) {
    dependencies.push({ name: 'inference', hard: needsInference(config), check: (signal) => inference.ping(signal) });
    closers.push(() => inference.close());
  }
  if (redis) {
    const connection = new RedisConnection(redis);
    dependencies.push({ name: 'redis', hard: false, check: () => connection.ping() });
    closers.push(() => connection.close());
  }
  for (const [name, endpoint] of config.mcp) {
    dependencies.push({ name: `mcp-${name}`, hard: false, check: (signal) => checkMcp(endpoint, signal) });
  }

  const pool: pg.Pool | undefined = postgres && createPool(postgres);
  if (postgres && pool) {
    dependencies.push({ name: 'postgres', hard: true, check: () => pingPostgres(pool) });
    closers.push(() => pool.end());
    steps.push({
      name: 'the database and its migrations',
      run: async () => {
        for (const migration of await migrate({ postgres, dir: files.migrations }))
          log.info({ event: 'migrated', migration });
      },
    });
  }

  let rag: RagDeps | undefined;
  let upkeep: Upkeep | undefined;
  if (config.features.rag && inference && pool && config.vectors) {
    const documents = new PostgresDocuments(pool);
    const vectors: VectorStore = openVectors(config.vectors, {
      ...embedding,
      pool,
      onReset: () => upkeep?.request(),
    });
    closers.push(() => vectors.close());
    upkeep = new Upkeep({
      reconciler: new Reconciler({ documents, vectors, embedder: inference }),
      log,
      onRestored: (count) => metrics.vectorsRestored.inc(count),
    });
    const running = upkeep;
    rag = {
      writer: new DocumentWriter({
        documents,
        vectors,
        embedder: inference,
        onLeftover: (error) => {
          log.warn({ event: 'vectors_left_over', error: describeError(error) });
          running.request();
        },
      }),
      retriever: new Retriever({
        documents,
        vectors,
        embedder: inference,
        onDuration: (seconds) => metrics.retrievalDuration.observe(seconds),
        onLacking: () => running.request(),
      }),
    };
    // Where PostgreSQL holds the vectors as well, its own check says that it is there.
    if (config.vectors.kind !== 'postgres')
      dependencies.push({ name: config.vectors.kind, hard: true, check: () => vectors.ping() });
    steps.push(
      { name: 'the vector collection', run: () => vectors.ensure() },
      { name: 'the inference service', run: () => inference.ping() },
      { name: 'the vectors to match the documents', run: () => running.run(true) },
    );
  }

  const monitors = dependencies.map(
    (dependency) =>
      new DependencyMonitor(dependency, {
        onCheck: (status, before) => {
          metrics.dependencyUp.set({ dependency: status.name }, status.state === 'up' ? 1 : 0);
          metrics.dependencyLatency.set({ dependency: status.name }, (status.latencyMs ?? 0) / 1000);
          if (status.state === before) return;
          const { name, state, lastError } = status;
          if (state === 'up') log.info({ event: 'dependency_up', dependency: name });
          else
            log.warn({
              event: 'dependency_down',
              dependency: name,
              ...(lastError ? { error: lastError.message } : {}),
            });
          // It may have come back with less than it had.
          if (state === 'up' && before === 'down' && (name === config.vectors?.kind || name === 'postgres'))
            upkeep?.request();
        },
      }),
  );

  const providers = createProviders(config.providers, metrics, log);
  closers.push(() => providers.close());
  const parts = createAccounting({
    policy: config.policy,
    tokens,
    redis,
    pool,
    aheadFolder: config.writeAheadDir,
    embedder: inference,
    metrics,
    log,
  });
  closers.unshift(() => parts.stop());
  const gateway = new Gateway({ providers, metrics, log, admission: parts.accounting, cache: parts.cache });
  closers.unshift(() => gateway.drain());
  const models = new ModelClient(gateway);
  const sets = createFeatureSets({
    features: config.features,
    model: new ChatModel(models),
    metrics,
    log,
    pool,
    embedder: inference,
    mcp: config.mcp,
    writers: config.documentWriters,
    objectives: config.objectives,
    webDir: files.web,
  });
  // Before the pool goes: what is under way notes how it ended.
  closers.unshift(() => sets.stop());
  const app = await buildApp({
    log,
    metrics,
    ...(primary && { exposition: () => primary.gather() }),
    health: { lifecycle, monitors },
    auth: { tokens, writers: config.documentWriters },
    gateway: { gateway, models, lifecycle, inference },
    features: config.features,
    accounting: parts,
    rag,
    sets,
    docsAssets: files.docsAssets,
  });
  const { healthPort, healthStallSeconds: stallSeconds, host } = config;
  const probes =
    healthPort === undefined || primary
      ? undefined
      : new HealthThread({
          script: files.healthThread,
          port: healthPort,
          host,
          stallSeconds,
          notReady: () => notReady({ lifecycle, monitors }),
        });
  return {
    app,
    lifecycle,
    async start() {
      tokens.watch();
      for (const monitor of monitors) void monitor.start();
      sets.start();
      parts.start();
      void startUp(steps, { lifecycle, log, signal: stopping.signal }).then(() => upkeep?.start());
      await probes?.start();
      primary?.start({ registry: metrics.registry, notReady: () => notReady({ lifecycle, monitors }) });
    },
    async stop() {
      stopping.abort();
      for (const monitor of monitors) monitor.stop();
      await upkeep?.stop();
      for (const close of closers) await Promise.resolve(close()).catch(() => undefined);
      await probes?.stop();
      primary?.stop();
    },
  };
}

/** Whether some endpoint can do nothing without vectors of texts. */
function needsInference({ features }: Config): boolean {
  return features.rag || features.similarity || features.counterfactuals;
}
