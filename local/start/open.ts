import type { Paths } from '../paths.ts';
import type { Progress } from '../progress.ts';
import type { Choice, OwnChoice } from './choice.ts';
import { kindFolder } from './choose.ts';
import { EmbeddedTarget } from './embedded-target.ts';
import { KindCluster } from './kind.ts';
import { loadBy } from './load-images.ts';
import { OwnTarget, type Provider } from './own-target.ts';
import type { ClusterTarget } from './target.ts';

/** The cluster behind a choice. */
export function openTarget(
  choice: Choice,
  paths: Paths,
  progress: Progress,
  { stack, gpuNodes = 0 }: { readonly stack: string; readonly gpuNodes?: number },
): ClusterTarget {
  if (choice.kind === 'embedded') return new EmbeddedTarget(paths, progress, stack, gpuNodes);
  return new OwnTarget(paths, progress, stack, choice, providerOf(choice, paths));
}

function providerOf(choice: OwnChoice, paths: Paths): Provider {
  if (choice.kind === 'kind') return new KindCluster(choice.name, kindFolder(paths, choice.name));
  return {
    ensure: async () => false,
    claim: () => undefined,
    load: async (images, scratch) => {
      // Without a command the images come from a registry, and there are none to load.
      if (choice.loadImages !== undefined) await loadBy(choice.loadImages, images, scratch);
    },
    delete: async () => false,
  };
}
