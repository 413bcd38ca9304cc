import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readConfig } from '../../../../services/orchestrator/src/config.ts';
import { FEATURES } from '../../../../services/orchestrator/src/features.ts';
import { createService, type Service } from '../../../../services/orchestrator/src/service.ts';
import { startMcp } from '../../../support/mcp.ts';
import { startPostgres } from '../../../support/postgres.ts';
import { eventually } from '../../../support/processes.ts';
import { startFakeQdrant } from '../../../support/qdrant.ts';
import { startRedis } from '../../../support/redis.ts';
import { DIMENSION, startInference } from './embedding.ts';
import { MIGRATIONS, WEB } from './feature-app.ts';
import { ScriptedModel } from './scripted-model.ts';

export interface WholeService {
  readonly service: Service;
  readonly url: string;
  readonly model: ScriptedModel;
  stop(): Promise<void>;
}

/** The tokens that the service knows: `operator` is an administrator, the others are not. */
export const TOKENS = { operator: 'token-of-operator', alice: 'token-of-alice' } as const;

export interface WholeServiceOptions {
  /** What POLICY_FILE holds. @default - nothing */
  readonly policy?: object;
  /** Providers beside the scripted one of tier 0, in the form of PROVIDERS_FILE. */
  readonly providers?: readonly object[];
  /** @default local */
  readonly providerName?: string;
}

/**
 * The service as `main.ts` makes it, with every feature set: over a real PostgreSQL and Redis, an MCP server of the SDK, and
 * stand-ins for Qdrant, the inference service and a provider.
 */
export async function startWholeService(options: WholeServiceOptions = {}): Promise<WholeService> {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-whole-'));
  const model = new ScriptedModel();
  const [postgres, redis, qdrant, inference, mcp] = await Promise.all([
    startPostgres(),
    startRedis(),
    startFakeQdrant(),
    startInference(),
    startMcp((server) => {
      server.registerTool(
        'list_files',
        { description: 'Lists files', annotations: { readOnlyHint: true } },
        async () => ({
          content: [{ type: 'text', text: 'a.md' }],
        }),
      );
    }),
    model.start(),
  ]);
  writeFileSync(join(dir, 'operator'), JSON.stringify({ token: TOKENS.operator, roles: ['admin', 'writer'] }));
  writeFileSync(join(dir, 'alice'), TOKENS.alice);
  const scripted = {
    name: options.providerName ?? 'local',
    kind: 'openai-compatible',
    baseUrl: model.baseUrl,
    tier: 0,
    models: [{ name: 'small', price: { input: 1, output: 10 } }],
    answerModel: 'small',
  };
  const files: Record<string, string> = {
    '/providers': JSON.stringify([scripted, ...(options.providers ?? [])]),
    '/policy': JSON.stringify(options.policy ?? {}),
  };
  const config = readConfig(
    {
      LOG_LEVEL: 'silent',
      FEATURES: FEATURES.join(','),
      POSTGRES_URL: postgres.options.url,
      POSTGRES_USER: postgres.options.user,
      POSTGRES_PASSWORD: postgres.options.password,
      REDIS_URL: redis.url,
      QDRANT_URL: qdrant.url,
      INFERENCE_URL: inference.url,
      EMBEDDING_MODEL: 'words',
      EMBEDDING_DIMENSION: String(DIMENSION),
      API_TOKENS_DIR: dir,
      PROVIDERS_FILE: '/providers',
      ...(options.policy ? { POLICY_FILE: '/policy' } : {}),
      MCP_FILESYSTEM_URL: mcp.url,
    },
    (path) => files[path],
  );
  const service = await createService(config, {
    migrations: MIGRATIONS,
    docsAssets: join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static'),
    web: WEB,
    healthThread: join(import.meta.dirname, '../../../../services/orchestrator/src/health/thread.ts'),
  });
  const url = await service.app.listen({ port: 0, host: '127.0.0.1' });
  await service.start();
  await eventually(async () => {
    const ready = await service.app.inject('/health/ready');
    if (ready.statusCode !== 200) throw new Error(ready.body);
  });
  return {
    service,
    url,
    model,
    stop: async () => {
      service.lifecycle.drain();
      service.app.server.closeAllConnections();
      await service.app.close();
      await service.stop();
      inference.server.closeAllConnections();
      inference.server.close();
      await Promise.all([postgres.stop(), redis.stop(), qdrant.stop(), mcp.stop(), model.stop()]);
      rmSync(dir, { recursive: true });
    },
  };
}
