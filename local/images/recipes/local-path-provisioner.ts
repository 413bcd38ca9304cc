import type { TreeRecipe } from '../recipe.ts';
import { copy } from '../tree.ts';

/** Makes persistent volumes out of folders of the node. Its helper pods run the image `base`. */
export const localPathProvisioner: TreeRecipe = {
  kind: 'tree',
  name: 'local-path-provisioner',
  version: '0.0.30',
  inputs: (tools) => [tools.localPathProvisioner],
  defaults: { user: '10001:10001', env: { PATH: '/usr/local/bin' }, command: ['local-path-provisioner'] },
  build: async ({ root, tools }) => {
    await copy(tools.localPathProvisioner, root, 'usr/local/bin/local-path-provisioner', 0o755);
  },
};
