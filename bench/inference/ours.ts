import path from 'node:path';
import { freePort, type RunningServer, startServer } from './server.ts';

const main = path.join(import.meta.dirname, '../../services/inference/src/main.ts');

/** Our server with its defaults, on free ports. */
export async function startOurs(models: string): Promise<RunningServer> {
  const [port, grpcPort] = [await freePort(), await freePort()];
  return startServer({
    program: process.execPath,
    args: [main],
    env: { HOST: '127.0.0.1', PORT: String(port), GRPC_PORT: String(grpcPort), MODEL_DIR: models, LOG_LEVEL: 'warn' },
    url: `http://127.0.0.1:${port}`,
    ready: '/health/ready',
  });
}
