import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type pg from 'pg';
import { buildApp } from '../../../../services/orchestrator/src/app.ts';
import { Tokens } from '../../../../services/orchestrator/src/auth/tokens.ts';
import { type AccountingParts, createAccounting } from '../../../../services/orchestrator/src/budgets/create.ts';
import { Gateway } from '../../../../services/orchestrator/src/gateway/gateway.ts';
import { ModelClient } from '../../../../services/orchestrator/src/gateway/model-client.ts';
import type { App } from '../../../../services/orchestrator/src/http/type-provider.ts';
import { Lifecycle } from '../../../../services/orchestrator/src/lifecycle.ts';
import { parsePolicy } from '../../../../services/orchestrator/src/limits/policy.ts';
import { createLogger } from '../../../../services/orchestrator/src/logging.ts';
import { createMetrics } from '../../../../services/orchestrator/src/metrics.ts';
import { parseProviders } from '../../../../services/orchestrator/src/providers/config.ts';
import { createProviders } from '../../../../services/orchestrator/src/providers/create.ts';
import { eventually } from '../../../support/processes.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

export interface AccountingApp {
  readonly app: App;
  readonly parts: AccountingParts;
  readonly logs: () => string;
  stop(): Promise<void>;
}

export interface AccountingAppOptions {
  readonly redisUrl: string | undefined;
  readonly pool: pg.Pool | undefined;
  readonly policy: object;
  /** Name of each caller to its token file's content. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly providers?: readonly object[];
}

/** The app with everything about limits, budgets, cache, audit and maintenance, as the service connects it. */
export async function accountingApp(options: AccountingAppOptions): Promise<AccountingApp> {
  const dir = temporaryFolder('accounting');
  for (const [caller, token] of Object.entries(options.tokens)) writeFileSync(join(dir, caller), token);
  let text = '';
  const write = (line: string): void => {
    text += line;
  };
  const log = createLogger('info', { write });
  const metrics = createMetrics();
  const lifecycle = new Lifecycle();
  const { policy, problems } = parsePolicy(JSON.stringify(options.policy));
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const tokens = new Tokens({ dir, policy });
  const parts = createAccounting({
    policy,
    tokens,
    redis: options.redisUrl === undefined ? undefined : { url: options.redisUrl, password: undefined },
    pool: options.pool,
    aheadFolder: undefined,
    embedder: undefined,
    metrics,
    log,
  });
  const parsed = parseProviders(JSON.stringify(options.providers ?? []));
  if (parsed.problems.length > 0) throw new Error(JSON.stringify(parsed.problems));
  const providers = createProviders(parsed.providers, metrics, log);
  const gateway = new Gateway({ providers, metrics, log, admission: parts.accounting, cache: parts.cache });
  const app = await buildApp({
    log,
    metrics,
    health: { lifecycle, monitors: [] },
    auth: { tokens, writers: undefined },
    gateway: { gateway, models: new ModelClient(gateway), lifecycle, inference: undefined },
    features: { gateway: true, budgets: true },
    accounting: parts,
    rag: undefined,
    docsAssets: join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static'),
  });
  lifecycle.complete();
  parts.start();
  if (options.redisUrl !== undefined)
    await eventually(() => {
      if (parts.accounting.coordination.state !== 'ready') throw new Error('not ready');
    });
  return {
    app,
    parts,
    logs: () => text,
    async stop() {
      await app.close();
      await gateway.drain();
      await parts.stop();
      await providers.close();
    },
  };
}
