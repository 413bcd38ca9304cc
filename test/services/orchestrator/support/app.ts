import { mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildApp } from '../../../../services/orchestrator/src/app.ts';
import { Tokens } from '../../../../services/orchestrator/src/auth/tokens.ts';
import type { DependencyMonitor } from '../../../../services/orchestrator/src/dependencies/monitor.ts';
import type { App } from '../../../../services/orchestrator/src/http/type-provider.ts';
import { Lifecycle } from '../../../../services/orchestrator/src/lifecycle.ts';
import { createLogger } from '../../../../services/orchestrator/src/logging.ts';
import { createMetrics, type Metrics } from '../../../../services/orchestrator/src/metrics.ts';
import type { ProviderConfig } from '../../../../services/orchestrator/src/providers/config.ts';
import { MeteredChat } from '../../../../services/orchestrator/src/providers/metered.ts';
import { Providers } from '../../../../services/orchestrator/src/providers/registry.ts';
import type { RagDeps } from '../../../../services/orchestrator/src/routes/deps.ts';
import type { InferenceClient } from '../../../../services/orchestrator/src/upstream/inference.ts';

export interface TestApp {
  readonly app: App;
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
}

/** Headers of the caller `alice`. */
export const alice = { authorization: 'Bearer token-of-alice' };
export const bob = { authorization: 'Bearer token-of-bob' };

/** The app as it is, over what the test gives it. */
export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-app-'));
  for (const caller of ['alice', 'bob']) writeFileSync(join(dir, caller), `token-of-${caller}`);
  const metrics = createMetrics();
  const lifecycle = new Lifecycle();
  let text = '';
  const write = (line: string): void => {
    text += line;
  };
  const app = await buildApp({
    log: createLogger('debug', { write }),
    metrics,
    health: { lifecycle, monitors: options.monitors ?? [] },
    auth: { tokens: new Tokens({ dir }), writers: options.writers && new Set(options.writers) },
    gateway: {
      providers: new Providers(options.providers ?? []),
      chat: new MeteredChat(metrics),
      inference: options.inference,
    },
    features: { gateway: true },
    rag: options.rag,
    docsAssets: join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static'),
  });
  lifecycle.complete();
  return { app, lifecycle, metrics, logs: () => text };
}
