import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../../../../services/inference/src/app.ts';
import type { Context } from '../../../../services/inference/src/http/context.ts';
import { findModels } from '../../../../services/inference/src/models/repository.ts';
import { createService } from '../../../../services/inference/src/service.ts';

export interface ServerOptions {
  readonly models: string;
  readonly maxQueue?: number;
  readonly requestTimeoutSeconds?: number;
  readonly maxBodyBytes?: number;
}

/** The whole server in this process, with real worker threads, to be asked by `app.inject()`. */
export async function startServer({
  models,
  maxQueue = 1000,
  requestTimeoutSeconds = 20,
  maxBodyBytes = 1_000_000,
}: ServerOptions) {
  const service = createService({ threads: 2, maxQueue, maxBatchTokens: 256 });
  const context: Context = { ...service, requestTimeoutSeconds, lifecycle: { draining: false } };
  const app = await buildApp({ context, maxBodyBytes });
  await service.registry.loadAll(models, findModels);
  const close = async (): Promise<void> => {
    await app.close();
    await service.pool.close();
  };
  const post = async (url: string, payload: object) => {
    const response = await app.inject({ method: 'POST', url, payload });
    return { status: response.statusCode, headers: response.headers, body: response.json() };
  };
  const get = async (url: string) => {
    const response = await app.inject({ method: 'GET', url });
    return { status: response.statusCode, headers: response.headers, body: response.json() };
  };
  return { app, context, post, get, close };
}

/** A folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'inference-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
