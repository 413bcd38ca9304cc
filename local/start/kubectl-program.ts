import path from 'node:path';
import type { Paths } from '../paths.ts';
import type { Progress } from '../progress.ts';
import { ensureTools } from '../toolchain/index.ts';
import { which } from '../toolchain/installed.ts';

/** The person's kubectl, which fits the person's cluster; without one, that of the toolchain. */
export async function findKubectl(paths: Paths, progress: Progress): Promise<string> {
  const installed = which('kubectl', process.env.PATH ?? '', [path.join(paths.tools, 'bin')]);
  if (installed !== undefined) return installed;
  const kube = (await ensureTools(['kube'], { progress, paths })).path('kube');
  return path.join(path.dirname(kube), 'kubectl');
}
