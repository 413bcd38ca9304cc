import { buildApp } from './app.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import type { Context, Lifecycle } from './http/context.ts';
import { loggerOptions } from './log.ts';
import { findModels } from './models/repository.ts';
import { createService, divideThreads, type ServiceEvent } from './service.ts';

/** The environment cannot be used; sysexits.h calls it EX_CONFIG. */
const EXIT_CONFIG = 78;
/** By convention, what a process that a signal ended returns is this plus the signal's number. */
const EXIT_SIGNALLED = 128;
/** How long requests are still taken after SIGTERM, for those that were sent before anybody heard of it. */
const LATE_REQUESTS_MS = 500;

async function start(config: Config): Promise<void> {
  const started = performance.now();
  const lifecycle: Lifecycle = { draining: false };
  let report: (event: ServiceEvent) => void = () => {};
  const service = createService({ ...config, onEvent: (event) => report(event) });
  const context: Context = {
    ...service,
    lifecycle,
    requestTimeoutSeconds: config.requestTimeoutSeconds,
  };
  const app = await buildApp({
    context,
    maxBodyBytes: config.maxBodyBytes,
    logger: loggerOptions(config.logLevel),
  });
  report = (event) => {
    if (event.type === 'worker_crashed') app.log.error({ reason: event.reason }, 'a worker ended and is started again');
    else if (event.entry.state === 'failed') {
      const { name, version, reason } = event.entry;
      app.log.error({ model: name, version, reason }, 'a model could not be loaded');
    } else app.log.info({ model: event.entry.name, version: event.entry.version }, 'a model was loaded');
  };

  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    lifecycle.draining = true;
    app.log.info({ signal }, 'draining');
    setTimeout(() => {
      app.log.error({ seconds: config.shutdownGraceSeconds }, 'requests were still open at the end of the grace time');
      process.exit(1);
    }, config.shutdownGraceSeconds * 1000).unref();
    await new Promise((resolve) => setTimeout(resolve, LATE_REQUESTS_MS));
    await app.close();
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
  app.log.info({ address, threads: config.threads, workers: divideThreads(config.threads).workers }, 'listening');
  await service.registry.loadAll(config.modelDir, findModels);
  const seconds = Math.round(performance.now() - started) / 1000;
  const problems = service.registry.problems();
  if (problems.length === 0) app.log.info({ seconds }, 'ready');
  else app.log.error({ seconds, reason: problems.join('; ') }, 'not ready');
}

try {
  await start(readConfig(process.env));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(error instanceof ConfigError ? EXIT_CONFIG : 1);
}
