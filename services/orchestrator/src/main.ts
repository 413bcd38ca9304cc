import cluster from 'node:cluster';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getPriority, setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyListenOptions } from 'fastify';
import { type Config, ConfigError, readConfig } from './config.ts';
import { LogLines, STDOUT } from './log-lines.ts';
import { createLogger } from './logging.ts';
import { createService, type ServiceFiles } from './service.ts';
import { drainOnSignal } from './shutdown.ts';
import { Primary } from './workers/primary.ts';
import { PrimaryLink } from './workers/primary-link.ts';

/** EX_CONFIG of sysexits.h: starting again would not help. */
const EXIT_CONFIG = 78;

/** Workers take all that the processors have, and the primary is to get one at once when it is probed. Within a container only: others are not affected. */
const NICER_BY = 5;
const NICEST = 19;

// Small buffers (bodies of requests, and what is sent to providers) are cut from blocks of this size, 8 KiB unless told: making a block
// takes longer than all that is cut from it.
Buffer.poolSize = 64 * 1024;

try {
  const config = readConfig(process.env);
  if (config.workers > 1 && cluster.isPrimary) await supervise(config);
  else await serve(config);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  const log = createLogger('info');
  for (const { path, problem, cure } of error.problems) log.fatal({ event: 'configuration', path, problem, cure });
  process.exit(EXIT_CONFIG);
}

async function serve(config: Config): Promise<void> {
  if (cluster.isWorker) setPriority(Math.min(NICEST, getPriority() + NICER_BY));
  const service = await createService(config, files(), cluster.isWorker ? new PrimaryLink() : undefined);
  // Each worker listens by itself, and the kernel deals out the connections: one that ends takes with it what it had been given, and
  // clients hear of it. node:cluster would hand connections over, and forget one whose worker ends before it has taken it.
  // Fastify hands on to Node.js what it does not know itself.
  const at: FastifyListenOptions & { readonly reusePort: boolean } = {
    port: config.port,
    host: config.host,
    reusePort: cluster.isWorker,
  };
  await service.app.listen(at);
  service.app.log.info({ event: 'listening', port: config.port });
  await service.start();
  drainOnSignal(service, config);
}

async function supervise(config: Config): Promise<void> {
  const { workers, healthPort, host, healthStallSeconds: stallSeconds, logLevel } = config;
  const log = createLogger(logLevel, new LogLines(STDOUT, true));
  await new Primary({ workers, healthPort, host, stallSeconds, log }).start();
}

/** In the image everything lies beside the bundle; in the repository it lies where the packages have it. */
function files(): ServiceFiles {
  const here = dirname(fileURLToPath(import.meta.url));
  const beside = existsSync(join(here, 'docs'));
  if (beside) {
    return {
      migrations: join(here, 'migrations'),
      docsAssets: join(here, 'docs'),
      web: join(here, 'web'),
      healthThread: join(here, 'health/thread.js'),
    };
  }
  const swaggerUi = createRequire(import.meta.url).resolve('@fastify/swagger-ui');
  return {
    migrations: join(here, '../migrations'),
    docsAssets: join(dirname(swaggerUi), 'static'),
    web: join(here, '../web'),
    healthThread: join(here, 'health/thread.ts'),
  };
}
