import { join } from 'node:path';
import type pg from 'pg';
import { createFeatureSets, type FeatureSets } from '../../../../services/orchestrator/src/feature-sets.ts';
import { featureSet } from '../../../../services/orchestrator/src/features.ts';
import { OBJECTIVES, type Objective } from '../../../../services/orchestrator/src/production/objectives.ts';
import { migrate } from '../../../../services/orchestrator/src/stores/postgres/migrations.ts';
import { createPool } from '../../../../services/orchestrator/src/stores/postgres/pool.ts';
import { InferenceClient } from '../../../../services/orchestrator/src/upstream/inference.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { alice, type TestApp, type TestAppOptions, testApp } from './app.ts';
import { DIMENSION, startInference } from './embedding.ts';
import { ScriptedModel } from './scripted-model.ts';

export const MIGRATIONS = join(import.meta.dirname, '../../../../services/orchestrator/migrations');
export const WEB = join(import.meta.dirname, '../../../../services/orchestrator/web');

export interface FeatureApp extends TestApp {
  readonly sets: FeatureSets;
  readonly database: TestPostgres;
  readonly pool: pg.Pool;
  readonly inference: InferenceClient;
  readonly model: ScriptedModel;
  post(url: string, payload?: object | string | Buffer, headers?: Record<string, string>): Promise<Answer>;
  get(url: string, headers?: Record<string, string>): Promise<Answer>;
  stop(): Promise<void>;
}

export interface Answer {
  readonly statusCode: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect of the JSON; inject types it like this, too.
  json(): any;
}

export interface FeatureAppOptions extends Omit<TestAppOptions, 'sets' | 'inference' | 'providers'> {
  readonly features: readonly string[];
  /** Names of the scripted provider's models. @default small, large */
  readonly models?: readonly string[];
  readonly answerModel?: string;
  readonly mcp?: ReadonlyMap<string, string>;
  readonly objectives?: Readonly<Record<string, Objective>>;
  readonly web?: boolean;
  /** RAG and whatever else the test needs of the pool. */
  readonly extra?: (made: { readonly pool: pg.Pool; readonly inference: InferenceClient }) => Partial<TestAppOptions>;
}

/** The app with these feature sets over a real PostgreSQL, an inference service of words, and a scripted provider. */
export async function featureApp(options: FeatureAppOptions): Promise<FeatureApp> {
  const { features, models = ['small', 'large'], answerModel, mcp = new Map(), objectives = OBJECTIVES } = options;
  const model = new ScriptedModel();
  const [database, standIn] = await Promise.all([startPostgres(), startInference(), model.start()]);
  await migrate({ postgres: database.options, dir: MIGRATIONS });
  const pool = createPool(database.options);
  const inference = new InferenceClient({ url: standIn.url, model: 'words', dimension: DIMENSION });
  let sets: FeatureSets | undefined;
  const made = await testApp({
    ...options,
    ...options.extra?.({ pool, inference }),
    providers: models.length === 0 ? [] : [model.config(models, answerModel)],
    inference,
    sets: (with_) => {
      sets = createFeatureSets({
        ...with_,
        features: featureSet(features),
        pool,
        embedder: inference,
        mcp,
        writers: options.writers && new Set(options.writers),
        objectives,
        webDir: options.web ? WEB : undefined,
      });
      return sets;
    },
  });
  if (!sets) throw new TypeError('the feature sets were not made');
  const installed = sets;
  return {
    ...made,
    sets: installed,
    database,
    pool,
    inference,
    model,
    post: (url, payload, headers = alice) =>
      made.app.inject({
        method: 'POST',
        url,
        headers: payload === undefined ? headers : { 'content-type': 'application/json', ...headers },
        ...(payload === undefined ? {} : { payload }),
      }),
    get: (url, headers = alice) => made.app.inject({ method: 'GET', url, headers }),
    stop: async () => {
      await installed.stop();
      await made.app.close();
      await inference.close();
      standIn.server.closeAllConnections();
      standIn.server.close();
      await pool.end();
      await Promise.all([database.stop(), model.stop()]);
    },
  };
}

/** What every refusal says: where, what, and what to do. */
export function refusal(answer: Answer): { readonly status: number; readonly param: unknown; readonly cure: unknown } {
  const { error } = answer.json();
  if (typeof error.message !== 'string' || typeof error.cure !== 'string' || error.cure === '')
    throw new TypeError(`an error without message or cure: ${answer.body}`);
  return { status: answer.statusCode, param: error.param, cure: error.cure };
}
