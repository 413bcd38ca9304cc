import path from 'node:path';
import type { Paths } from '../../../local/paths.ts';
import type { Progress } from '../../../local/progress.ts';
import { ensurePython } from '../../../local/toolchain/python.ts';
import { freePort, type RunningServer, startServer } from '../server.ts';

const folder = import.meta.dirname;

/**
 * The server that teams write themselves: FastAPI and uvicorn over onnxruntime, with the same graph as ours and all cores.
 *
 * @param graph - the ONNX file
 */
export async function startFastApi(
  graph: string,
  tokenizer: string,
  threads: number,
  { progress, paths }: { readonly progress: Progress; readonly paths: Paths },
): Promise<RunningServer> {
  const requirements = path.join(folder, 'fastapi.txt');
  const python = await ensurePython({ name: 'fastapi', requirements }, { progress, paths });
  const port = await freePort();
  return startServer({
    program: python,
    args: [
      '-m',
      'uvicorn',
      'fastapi_server:app',
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--log-level',
      'error',
    ],
    cwd: folder,
    env: { GRAPH: graph, TOKENIZER: tokenizer, THREADS: String(threads), PYTHONDONTWRITEBYTECODE: '1' },
    url: `http://127.0.0.1:${port}`,
    ready: '/health',
  });
}
