import type { TreeRecipe } from '../recipe.ts';
import { link, prune } from '../tree.ts';

/** Alertmanager with its client; Debian names the server prometheus-alertmanager. */
export const alertmanager: TreeRecipe = {
  kind: 'tree',
  name: 'alertmanager',
  version: { debian: 'prometheus-alertmanager' },
  from: ['base'],
  packages: ['prometheus-alertmanager'],
  without: ['daemon'],
  defaults: { command: ['alertmanager'], workingDir: '/data' },
  build: async ({ root }) => {
    await prune(root, ['etc/prometheus']);
    await link(root, { 'usr/bin/alertmanager': 'prometheus-alertmanager' });
  },
};
