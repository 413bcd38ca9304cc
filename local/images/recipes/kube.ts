import type { TreeRecipe } from '../recipe.ts';
import { copy, link } from '../tree.ts';

// The versions are those of local/toolchain/kube/go.mod; kubeadm asks for these tags.
const programs = {
  'kube-apiserver': 'v1.35.4',
  'kube-controller-manager': 'v1.35.4',
  'kube-scheduler': 'v1.35.4',
  etcd: '3.6.6-0',
  coredns: 'v1.13.1',
  'metrics-server': 'v0.8.0',
} as const;

/** The control plane: one static binary that is the program by whose name it is called. */
export const kube: TreeRecipe = {
  kind: 'tree',
  name: 'kube',
  version: '1.35.4',
  aliases: Object.entries(programs).map(([name, version]) => `keelson.local/${name}:${version}`),
  inputs: (tools) => [tools.kube],
  defaults: { user: '0:0', env: { PATH: '/usr/local/bin' }, entrypoint: [] },
  build: async ({ root, tools }) => {
    await copy(tools.kube, root, 'usr/local/bin/keelson-kube', 0o755);
    await link(
      root,
      Object.fromEntries(Object.keys(programs).map((name) => [`usr/local/bin/${name}`, 'keelson-kube'])),
    );
  },
};
