import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildApp } from '../../../../services/orchestrator/src/app.ts';
import { Tokens } from '../../../../services/orchestrator/src/auth/tokens.ts';
import type { DependencyMonitor } from '../../../../services/orchestrator/src/dependencies/monitor.ts';
import type { FeatureSetOptions, FeatureSets } from '../../../../services/orchestrator/src/feature-sets.ts';
import { Gateway, type GatewayOptions } from '../../../../services/orchestrator/src/gateway/gateway.ts';
import { ModelClient } from '../../../../services/orchestrator/src/gateway/model-client.ts';
import type { App } from '../../../../services/orchestrator/src/http/type-provider.ts';
import { Lifecycle } from '../../../../services/orchestrator/src/lifecycle.ts';
import { createLogger } from '../../../../services/orchestrator/src/logging.ts';
import { createMetrics, type Metrics } from '../../../../services/orchestrator/src/metrics.ts';
import type { BreakerOptions } from '../../../../services/orchestrator/src/providers/breaker.ts';
import type { ProviderConfig } from '../../../../services/orchestrator/src/providers/config.ts';
import { createProviders } from '../../../../services/orchestrator/src/providers/create.ts';
import type { RagDeps } from '../../../../services/orchestrator/src/routes/deps.ts';
import { ChatModel } from '../../../../services/orchestrator/src/upstream/chat-model.ts';
import type { InferenceClient } from '../../../../services/orchestrator/src/upstream/inference.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

export interface TestApp {
  readonly app: App;
  readonly gateway: Gateway;
  readonly models: ModelClient;
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
  /** Everything that was logged so far. */
  readonly logs: () => string;
}

export interface TestAppOptions {
  readonly providers?: readonly ProviderConfig[];
  readonly rag?: RagDeps;
  readonly inference?: InferenceClient;
  readonly monitors?: readonly DependencyMonitor[];
  readonly writers?: readonly string[];
  /** @default - nothing is accounted, nothing is kept */
  readonly gateway?: Pick<GatewayOptions, 'admission' | 'cache' | 'failover' | 'maxInFlight'>;
  readonly breaker?: BreakerOptions;
  /** Makes the other feature sets. @default - none is served */
  readonly sets?: (made: Pick<FeatureSetOptions, 'metrics' | 'log' | 'model'>) => FeatureSets;
}

/** Headers of the caller `alice`. */
export const alice = { authorization: 'Bearer token-of-alice' };
export const bob = { authorization: 'Bearer token-of-bob' };
/** The only one who is an administrator. */
export const operator = { authorization: 'Bearer token-of-operator' };

/** The app as it is, over what the test gives it. */
export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const dir = temporaryFolder('app');
  for (const caller of ['alice', 'bob']) writeFileSync(join(dir, caller), `token-of-${caller}`);
  writeFileSync(join(dir, 'operator'), JSON.stringify({ token: 'token-of-operator', roles: ['admin', 'writer'] }));
  const metrics = createMetrics();
  const lifecycle = new Lifecycle();
  let text = '';
  const write = (line: string): void => {
    text += line;
  };
  const log = createLogger('debug', { write });
  const providers = createProviders(options.providers ?? [], metrics, log, options.breaker);
  const gateway = new Gateway({ ...options.gateway, providers, metrics, log });
  const models = new ModelClient(gateway);
  const sets = options.sets?.({ metrics, log, model: new ChatModel(models) });
  const app = await buildApp({
    log,
    metrics,
    health: { lifecycle, monitors: options.monitors ?? [] },
    auth: { tokens: new Tokens({ dir }), writers: options.writers && new Set(options.writers) },
    gateway: { gateway, models, lifecycle, inference: options.inference },
    features: { gateway: true },
    rag: options.rag,
    ...(sets ? { sets } : {}),
    docsAssets: join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static'),
  });
  app.addHook('onClose', () => providers.close());
  lifecycle.complete();
  return { app, gateway, models, lifecycle, metrics, logs: () => text };
}
