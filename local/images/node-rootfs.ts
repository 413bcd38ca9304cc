import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Debian } from './debian.ts';
import type { Fingerprints } from './inputs.ts';
import { replace } from './layout.ts';
import type { DebianPackage, OnImageProgress } from './recipe.ts';
import { accounts } from './recipes/base.ts';
import { tar } from './stream.ts';
import { extract, link, prune, put } from './tree.ts';

/** The root file system in which the node of the embedded cluster runs. */
export interface NodeRootfs {
  /** The folder. It is never changed: another content is another folder. */
  readonly path: string;
  readonly digest: string;
}

interface Record extends NodeRootfs {
  readonly inputs: string;
  readonly packages: readonly DebianPackage[];
}

const packages = [
  'base-files',
  'base-passwd',
  'bash',
  'conntrack',
  'containerd',
  'containernetworking-plugins',
  'coreutils',
  'dash',
  'findutils',
  'grep',
  'iproute2',
  'ipset',
  'iptables',
  'kmod',
  'libc-bin',
  'mount',
  'netbase',
  'procps',
  'runc',
  'runit',
  'sed',
  'tini',
  'util-linux',
];

// The kernel interface that the kubelet, kube-proxy and kube-router agree on.
const firewall = ['iptables', 'iptables-save', 'iptables-restore', 'ip6tables', 'ip6tables-save', 'ip6tables-restore'];

const unused = [
  'usr/bin/containerd-stress',
  'usr/bin/containerd-shim',
  'usr/bin/containerd-shim-runc-v1',
  ...['dhcp', 'firewall', 'ptp', 'vlan', 'macvlan', 'ipvlan', 'host-device', 'bandwidth', 'vrf', 'sbr', 'static'].map(
    (name) => `usr/lib/cni/${name}`,
  ),
  'usr/lib/x86_64-linux-gnu/gconv',
  'usr/share/zoneinfo',
  'etc/systemd',
  'etc/cni',
  'etc/containerd',
  'etc/sv',
  'etc/service',
];

/** Makes the folder, or finds the one made before from the same recipe. */
export async function makeNodeRootfs(
  folder: string,
  debian: Debian,
  fingerprints: Fingerprints,
  progress: OnImageProgress,
): Promise<NodeRootfs> {
  const name = 'node-rootfs';
  const started = Date.now();
  const recipe = ['debian.ts', 'node-rootfs.ts', 'tree.ts', 'recipes/base.ts'].map((file) =>
    join(import.meta.dirname, file),
  );
  const inputs = await fingerprints.of(recipe);
  const record = join(folder, 'node-rootfs.json');
  const last = await readFile(record, 'utf8').then(
    (text) => JSON.parse(text) as Record,
    () => undefined,
  ); // written below
  if (last?.inputs === inputs && (await stat(last.path).catch(() => undefined)) !== undefined) {
    progress({ name, step: 'kept' });
    return { path: last.path, digest: last.digest };
  }

  const partial = join(folder, 'partial');
  await rm(partial, { recursive: true, force: true });
  const root = join(partial, 'root');
  await mkdir(root, { recursive: true });
  const candidates = await debian.resolve(packages);
  const bytes = candidates.reduce((sum, { size }) => sum + size, 0);
  progress({ name, step: 'packages', detail: `${candidates.length} Debian packages, ${Math.ceil(bytes / 1e6)} MB` });
  await extract(root, await debian.fetch(candidates), partial);
  progress({ name, step: 'building' });
  await accounts(root);
  await prune(root, unused);
  await link(root, Object.fromEntries(firewall.map((tool) => [`usr/sbin/${tool}`, 'xtables-nft-multi'])));
  for (const path of ['dev', 'proc', 'sys', 'run', 'tmp', 'root', 'var/lib', 'var/log'])
    await mkdir(join(root, path), { recursive: true });
  await put(root, 'etc/hostname', 'keelson\n');

  const archive = tar(['--create', '--format=gnu', '--sort=name', '--mtime=@0', '--numeric-owner', '-C', root, '.']);
  const hash = createHash('sha256');
  await pipeline(archive.stdout, hash);
  await archive.ended;
  const digest = `sha256:${hash.digest('hex')}`;
  const path = join(folder, `rootfs-${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`);
  if ((await stat(path).catch(() => undefined)) === undefined) await rename(root, path);
  await rm(partial, { recursive: true, force: true });
  const made: Record = { path, digest, inputs, packages: candidates.map(({ name, version }) => ({ name, version })) };
  await replace(record, JSON.stringify(made, null, 2));
  // A cluster may still run on the previous one; those before it are nobody's.
  for (const other of await readdir(folder)) {
    const old = join(folder, other);
    if (other.startsWith('rootfs-') && old !== path && old !== last?.path)
      await rm(old, { recursive: true, force: true });
  }
  progress({ name, step: 'built', milliseconds: Date.now() - started });
  return { path, digest };
}
