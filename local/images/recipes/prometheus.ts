import type { TreeRecipe } from '../recipe.ts';
import { prune } from '../tree.ts';

/** Prometheus. */
export const prometheus: TreeRecipe = {
  kind: 'tree',
  name: 'prometheus',
  version: { debian: 'prometheus' },
  from: ['base'],
  packages: ['prometheus'],
  without: ['daemon'],
  defaults: { command: ['prometheus'], workingDir: '/data' },
  build: async ({ root }) => {
    await prune(root, ['etc/prometheus', 'usr/bin/promtool', 'usr/share/javascript/moment-timezone/data']);
  },
};
