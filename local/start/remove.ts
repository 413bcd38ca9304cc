import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';
import type { Paths } from '../paths.ts';

/** Ends what runs and removes all that it kept, Pulumi's record of it included; the caches stay. */
export async function removeEverything(cluster: Cluster, paths: Paths): Promise<void> {
  await cluster.remove();
  for (const folder of [path.dirname(paths.pulumiBackend), paths.secrets])
    rmSync(folder, { recursive: true, force: true });
}
