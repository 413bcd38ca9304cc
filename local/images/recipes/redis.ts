import type { TreeRecipe } from '../recipe.ts';
import { prune } from '../tree.ts';

/** Redis 7 with its client. */
export const redis: TreeRecipe = {
  kind: 'tree',
  name: 'redis',
  version: { debian: 'redis-server' },
  from: ['base'],
  packages: ['redis-server', 'redis-tools'],
  defaults: { command: ['redis-server'], workingDir: '/data' },
  build: async ({ root }) => {
    await prune(root, ['etc/redis', 'usr/bin/redis-benchmark']);
  },
};
