import type pg from 'pg';
import { openMcp } from './agents/mcp-toolbox.ts';
import { CounterfactualEngine } from './counterfactuals/engine.ts';
import { ATTRIBUTES } from './counterfactuals/lexicon.ts';
import { RecentMean } from './counterfactuals/recent-mean.ts';
import { CounterfactualStore } from './counterfactuals/store.ts';
import { Evaluation } from './experiments/evaluation.ts';
import { ExperimentRunner } from './experiments/runner.ts';
import { ExperimentStore } from './experiments/store.ts';
import { createFeatureMetrics } from './feature-metrics.ts';
import type { FeatureSet } from './features.ts';
import type { App } from './http/type-provider.ts';
import type { Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';
import type { Embedder } from './ports/embedder.ts';
import type { LanguageModel } from './ports/language-model.ts';
import type { Objective } from './production/objectives.ts';
import { Reports } from './production/reports.ts';
import { Sampler } from './production/sampler.ts';
import { ProductionStore } from './production/store.ts';
import { QuarantineStore } from './quarantine/store.ts';
import { type AgentRouteDeps, agentsRun } from './routes/agents-run.ts';
import { batchSimilarity } from './routes/batch-similarity.ts';
import { counterfactuals } from './routes/counterfactuals.ts';
import type { HealthDeps } from './routes/deps.ts';
import { evaluationPromote } from './routes/evaluation-promote.ts';
import { evaluationQuarantine } from './routes/evaluation-quarantine.ts';
import { experimentsCreate } from './routes/experiments-create.ts';
import { experimentsGet } from './routes/experiments-get.ts';
import { experimentsList } from './routes/experiments-list.ts';
import { experimentsRun } from './routes/experiments-run.ts';
import { healthSlo } from './routes/health-slo.ts';
import { healthStatus } from './routes/health-status.ts';
import { metricsModels } from './routes/metrics-models.ts';
import { metricsSloCompliance } from './routes/metrics-slo-compliance.ts';
import { quarantineRecords } from './routes/quarantine-records.ts';
import { quarantineStatistics } from './routes/quarantine-statistics.ts';
import { ratings } from './routes/ratings.ts';
import { rerank } from './routes/rerank.ts';
import { session } from './routes/session.ts';
import { similarity } from './routes/similarity.ts';
import { web } from './routes/web.ts';
import { Embeddings } from './similarity/embeddings.ts';
import { Similarity } from './similarity/engine.ts';

/** What the feature sets beside gateway and RAG are made of. */
export interface FeatureSetOptions {
  readonly features: FeatureSet;
  readonly model: LanguageModel;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Needed by counterfactuals, experiments, production and quarantine. */
  readonly pool: pg.Pool | undefined;
  /** Needed by similarity and counterfactuals. */
  readonly embedder: Embedder | undefined;
  /** MCP servers by name, as URLs of their endpoint. */
  readonly mcp: ReadonlyMap<string, string>;
  /** Callers that may change documents, and use tools that change something; undefined: those with the role. */
  readonly writers: ReadonlySet<string> | undefined;
  readonly objectives: Readonly<Record<string, Objective>>;
  /** The folder with the files of the web page; undefined: there is none. */
  readonly webDir: string | undefined;
}

/** The feature sets beside gateway and RAG: similarity, counterfactuals, experiments, production, quarantine, agents, the page. */
export interface FeatureSets {
  /** Adds the routes of what is switched on. */
  install(app: App, health: HealthDeps): void;
  start(): void;
  stop(): Promise<void>;
}

export function createFeatureSets(options: FeatureSetOptions): FeatureSets {
  const { features, model, pool, embedder, log } = options;
  const own = createFeatureMetrics(options.metrics.registry);
  const embeddings =
    embedder && new Embeddings({ embedder, onLookup: (result, count) => own.embeddingLookups.inc({ result }, count) });
  const sampler = features.production && pool ? new Sampler({ pool, log }) : undefined;
  const experiments = features.experiments && pool ? createExperiments(pool, model, log) : undefined;

  return {
    install(app, health) {
      session(app, features, model);
      if (options.webDir !== undefined) web(app, options.webDir);
      if (features.similarity && embeddings) {
        const engine = new Similarity({
          embeddings,
          onDuration: (method, seconds) => own.similarityDuration.observe({ method }, seconds),
        });
        similarity(app, engine);
        batchSimilarity(app, engine);
        rerank(app, engine);
      }
      if (features.counterfactuals && embeddings && pool) {
        const store = new CounterfactualStore(pool);
        // A rate needs a first value to grow from.
        for (const attribute of ATTRIBUTES) own.biasExceeded.inc({ attribute }, 0);
        const quality = new Map(ATTRIBUTES.map((attribute) => [attribute, new RecentMean()]));
        const engine = new CounterfactualEngine({
          embeddings,
          model,
          store,
          log,
          onScored: ({ attribute, quality: value }, exceeded) => {
            if (exceeded) own.biasExceeded.inc({ attribute });
            own.counterfactualQuality.set({ attribute }, quality.get(attribute)?.add(value) ?? value);
          },
        });
        const rated = new RecentMean();
        counterfactuals(app, engine);
        ratings(app, store, (rating) => own.userRating.set({ subject: 'counterfactual' }, rated.add(rating)));
      }
      if (experiments) {
        const { store, runner, evaluation } = experiments;
        experimentsCreate(app, store);
        experimentsRun(app, store, runner, model);
        experimentsGet(app, store);
        experimentsList(app, store);
        evaluationPromote(app, evaluation);
        evaluationQuarantine(app, evaluation);
      }
      if (sampler && pool) {
        const { objectives } = options;
        const reports = new Reports({ store: new ProductionStore(pool), sampler, objectives });
        collect(app, sampler);
        healthSlo(app, reports);
        healthStatus(app, { ...health, reports });
        metricsSloCompliance(app, reports);
        metricsModels(app, reports);
      }
      if (features.quarantine && pool) {
        const store = new QuarantineStore(pool);
        quarantineRecords(app, store);
        quarantineStatistics(app, store);
      }
      if (features.agents) agentsRun(app, agentDeps(options, own));
    },
    start: () => sampler?.start(),
    stop: async () => {
      await experiments?.runner.stop();
      await sampler?.stop();
    },
  };
}

function createExperiments(pool: pg.Pool, model: LanguageModel, log: Logger) {
  const store = new ExperimentStore(pool);
  return { store, runner: new ExperimentRunner({ store, model, log }), evaluation: new Evaluation(pool) };
}

function agentDeps(
  { mcp, model, writers }: FeatureSetOptions,
  own: ReturnType<typeof createFeatureMetrics>,
): AgentRouteDeps {
  return {
    model,
    open: (names, signal) => openMcp({ servers: mcp }, names, signal),
    servers: [...mcp.keys()],
    mayChange: ({ caller, identity }) => (writers ? writers.has(caller) : identity?.roles.has('writer')) ?? false,
    onRun: (status) => own.agentRuns.inc({ status }),
    onTool: (server, outcome) => own.agentTools.inc({ server, outcome }),
  };
}

/** Has every answer that somebody waits for counted; probes and pages are none. */
function collect(app: App, { samples }: Sampler): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { url, config } = request.routeOptions;
    // Who left before the end was answered nothing, well or badly.
    if (url !== undefined && config.quiet !== true && reply.raw.writableEnded)
      samples.add(url, reply.statusCode, reply.elapsedTime);
    done();
  });
}
