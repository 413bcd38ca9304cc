import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../../../../services/inference/src/app.ts';
import { GrpcServer } from '../../../../services/inference/src/grpc/server.ts';
import type { Context } from '../../../../services/inference/src/http/context.ts';
import { FolderRepository } from '../../../../services/inference/src/models/folder-repository.ts';
import type { StartModels } from '../../../../services/inference/src/models/registry.ts';
import type { ModelRepository } from '../../../../services/inference/src/models/repository.ts';
import { createService, type ServiceOptions } from '../../../../services/inference/src/service.ts';

export interface ServerOptions extends Partial<Omit<ServiceOptions, 'repository'>> {
  /** A folder, or where else models come from. */
  readonly models: string | ModelRepository;
  /** @default all */
  readonly start?: StartModels;
  readonly requestTimeoutSeconds?: number;
  readonly maxBodyBytes?: number;
  readonly repositoryApi?: boolean;
  readonly authToken?: string;
}

/** The whole server in this process, with real worker threads, to be asked by `app.inject()`. */
export async function startServer({
  models,
  start = 'all',
  requestTimeoutSeconds = 20,
  maxBodyBytes = 1_000_000,
  repositoryApi = true,
  authToken,
  ...options
}: ServerOptions) {
  const repository = typeof models === 'string' ? new FolderRepository(models) : models;
  const service = createService({ threads: 2, maxQueue: 1000, maxBatchTokens: 256, ...options, repository });
  const lifecycle = { draining: false };
  const auth = authToken === undefined ? {} : { authToken };
  const context: Context = { ...service, ...auth, requestTimeoutSeconds, maxBodyBytes, repositoryApi, lifecycle };
  const app = await buildApp({ context });
  const grpc = new GrpcServer({ context });
  await service.registry.start(start);
  const close = async (): Promise<void> => {
    await app.close();
    await grpc.close();
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
  const metrics = async (): Promise<string> => (await app.inject({ method: 'GET', url: '/metrics' })).body;
  return { app, grpc, context, post, get, metrics, close };
}

/** A folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'inference-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
