import path from 'node:path';
import { freePort, type RunningServer, startServer } from './server.ts';

const main = path.join(import.meta.dirname, '../../services/inference/src/main.ts');

/**
 * Our server with its defaults, on free ports.
 *
 * @param load what it loads, as `LOAD_MODELS` has it
 */
export async function startOurs(models: string, load = 'all'): Promise<RunningServer> {
  const [port, grpcPort] = [await freePort(), await freePort()];
  return startServer({
    program: process.execPath,
    args: [main],
    env: {
      HOST: '127.0.0.1',
      PORT: String(port),
      GRPC_PORT: String(grpcPort),
      MODEL_DIR: models,
      LOAD_MODELS: load,
      LOG_LEVEL: 'warn',
      // Time goes on for requests of a server that is stopped, while others have their turns.
      REQUEST_TIMEOUT_SECONDS: '120',
    },
    url: `http://127.0.0.1:${port}`,
    ready: '/health/ready',
  });
}
