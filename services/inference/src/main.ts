import { buildApp } from './app.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { toServiceError } from './grpc/errors.ts';
import { type Answered, GrpcServer } from './grpc/server.ts';
import type { Context, Lifecycle } from './http/context.ts';
import { loggerOptions } from './log.ts';
import { FolderRepository } from './models/folder-repository.ts';
import type { ModelRepository } from './models/repository.ts';
import { createService, divideThreads, type ServiceEvent } from './service.ts';

/** The environment cannot be used; sysexits.h calls it EX_CONFIG. */
const EXIT_CONFIG = 78;
/** By convention, what a process that a signal ended returns is this plus the signal's number. */
const EXIT_SIGNALLED = 128;
/** How long requests are still taken after SIGTERM, for those that were sent before anybody heard of it. */
const LATE_REQUESTS_MS = 500;
/** How often connections are looked at that became idle while the server closes. */
const IDLE_CHECK_MS = 100;
/** Waiting before what failed at the start is tried again: doubled each time, up to the last. */
const FIRST_RETRY_MS = 15_000;
const LAST_RETRY_MS = 600_000;

async function start(config: Config): Promise<void> {
  const started = performance.now();
  const lifecycle: Lifecycle = { draining: false };
  let report: (event: ServiceEvent) => void = () => {};
  const service = createService({
    ...config,
    repository: await openRepository(config),
    onEvent: (event) => report(event),
  });
  const { registry, metrics } = service;
  const context: Context = {
    ...service,
    lifecycle,
    requestTimeoutSeconds: config.requestTimeoutSeconds,
    maxBodyBytes: config.maxBodyBytes,
    repositoryApi: config.repositoryApi,
    ...(config.authToken !== undefined && { authToken: config.authToken }),
  };
  const app = await buildApp({ context, logger: loggerOptions(config.logLevel) });
  report = (event) => {
    if (event.type === 'worker_crashed') {
      app.log.error({ reason: event.reason }, 'a worker ended and is started again');
      return;
    }
    const { name: model, version, state } = event.entry;
    switch (event.entry.state) {
      case 'ready': {
        const { reason, session } = event.entry;
        const note = reason ?? session.fallback;
        if (note === undefined) app.log.info({ model, version, provider: session.provider }, 'a model was loaded');
        else
          app.log.warn(
            { model, version, provider: session.provider, reason: note },
            'a model serves, but not as asked',
          );
        break;
      }
      case 'failed':
        app.log.error({ model, version, reason: event.entry.reason }, 'a model could not be loaded');
        break;
      default:
        app.log.debug({ model, version }, `a model is ${state}`);
    }
  };

  const grpc = new GrpcServer({
    context,
    onAnswered: (answered) => {
      const { line, status } = describeCall(answered);
      metrics.grpcCalls.inc({ method: answered.method, status });
      metrics.grpcDuration.observe({ method: answered.method }, answered.seconds);
      app.log[answered.work === null ? 'debug' : 'info'](line, 'answered');
    },
  });

  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    lifecycle.draining = true;
    app.log.info({ signal }, 'draining');
    setTimeout(() => {
      app.log.error({ seconds: config.shutdownGraceSeconds }, 'requests were still open at the end of the grace time');
      process.exit(1);
    }, config.shutdownGraceSeconds * 1000).unref();
    await new Promise((resolve) => setTimeout(resolve, LATE_REQUESTS_MS));
    // Closing ends the connections that are idle then; those that were busy are ended when their answers are out.
    const closing = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS);
    await Promise.all([app.close(), grpc.close()]);
    clearInterval(closing);
    await service.scheduler.drained();
    await service.pool.close();
    process.exit(0);
  };
  // A second signal means that whoever sent it does not want to wait.
  for (const [signal, number] of [
    ['SIGTERM', 15],
    ['SIGINT', 2],
  ] as const) {
    process.on(signal, () => {
      if (lifecycle.draining) process.exit(EXIT_SIGNALLED + number);
      void stop(signal);
    });
  }

  // Listening first: the probes are answered while the models are being loaded.
  const address = await app.listen({ port: config.port, host: config.host });
  const { workers } = divideThreads(config.threads, config.provider);
  app.log.info({ address, threads: config.threads, workers }, 'listening');
  if (config.grpcPort !== undefined) {
    const port = await grpc.listen(config.host, config.grpcPort);
    app.log.info({ address: `${config.host}:${port}` }, 'listening for gRPC');
  }

  await registry.start(config.loadModels);
  for (let delay = FIRST_RETRY_MS; ; delay = Math.min(delay * 2, LAST_RETRY_MS)) {
    const seconds = Math.round(performance.now() - started) / 1000;
    const problems = registry.problems();
    if (problems.length === 0) {
      app.log.info({ seconds }, 'ready');
      return;
    }
    app.log.error({ seconds, reason: problems.join('; ') }, 'not ready');
    const { promise, resolve } = Promise.withResolvers<void>();
    // A server that has nothing else to do may end.
    setTimeout(resolve, delay).unref();
    await promise;
    if (lifecycle.draining) return;
    await registry.start(config.loadModels);
  }
}

/** The client of S3 is loaded only where it is used: it is most of the bundle. */
async function openRepository({ s3, modelDir }: Config): Promise<ModelRepository> {
  if (s3 === undefined) return new FolderRepository(modelDir);
  const { S3Repository } = await import('./models/s3-repository.ts');
  return new S3Repository({ ...s3, cache: modelDir });
}

function describeCall({ method, error, seconds, work }: Answered) {
  const failure = error === undefined ? undefined : toServiceError(error);
  const status = String(failure?.code ?? 0);
  return { status, line: { rpc: method, status, ms: Math.round(seconds * 10_000) / 10, ...work } };
}

try {
  await start(readConfig(process.env));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(error instanceof ConfigError ? EXIT_CONFIG : 1);
}
