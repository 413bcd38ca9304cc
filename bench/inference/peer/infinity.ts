import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import type { Paths } from '../../../local/paths.ts';
import type { Progress } from '../../../local/progress.ts';
import { ensurePython } from '../../../local/toolchain/python.ts';
import { freePort, type RunningServer, startServer } from '../server.ts';

/** Packages of the peer; PyTorch for the processor comes with libraries for graphics cards there, hence the size. */
const requirements = path.join(import.meta.dirname, 'infinity.txt');

/**
 * infinity-emb with its ONNX engine on the processor, as its documentation starts it, with all cores. The model is exported
 * with the tool of its engine, and optimised by infinity itself at its first start.
 */
export async function startInfinity(
  model: string,
  { progress, paths }: { readonly progress: Progress; readonly paths: Paths },
): Promise<RunningServer> {
  const python = await ensurePython({ name: 'infinity', requirements, expectedSeconds: 300 }, { progress, paths });
  const environment = path.dirname(path.dirname(python));
  const exported = path.join(environment, 'model');
  const env = { HF_HUB_OFFLINE: '1', DO_NOT_TRACK: '1', HF_HOME: path.join(environment, 'huggingface') };
  if (!existsSync(path.join(exported, 'model.onnx'))) {
    rmSync(exported, { recursive: true, force: true });
    mkdirSync(exported);
    const args = ['export', 'onnx', '--model', model, '--task', 'feature-extraction', exported];
    await execa(path.join(environment, 'bin/optimum-cli'), args, { env });
  }
  const port = await freePort();
  const address = ['--host', '127.0.0.1', '--port', String(port)];
  const chosen = [
    '--engine',
    'optimum',
    '--device',
    'cpu',
    '--pooling-method',
    'mean',
    '--served-model-name',
    'minilm',
  ];
  return startServer({
    program: path.join(environment, 'bin/infinity_emb'),
    // The engine looks for the model's file below the folder that it is started in.
    args: ['v2', '--model-id', '.', ...chosen, '--no-model-warmup', '--log-level', 'error', ...address],
    cwd: exported,
    env,
    url: `http://127.0.0.1:${port}`,
    ready: '/health',
  });
}
