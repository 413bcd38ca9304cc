import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeRecipe } from '../recipe.ts';

/** Holds the namespaces of a pod. catatonit is a static init whose pause mode is made for this. */
export const pause: TreeRecipe = {
  kind: 'tree',
  name: 'pause',
  version: '3.10',
  aliases: ['keelson.local/pause:3.10'],
  packages: ['catatonit'],
  defaults: { user: '65535:65535', entrypoint: ['/pause', '-P'], env: { PATH: '/' } },
  build: async ({ root }) => {
    await rename(join(root, 'usr/bin/catatonit'), join(root, 'pause'));
  },
};
