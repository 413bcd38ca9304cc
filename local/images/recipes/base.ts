import { chmod, chown, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeRecipe } from '../recipe.ts';
import { app, prune, put } from '../tree.ts';

/** The root file system under all images that run a program of Debian or Node.js: a shell, the core utilities, one user. */
export const base: TreeRecipe = {
  kind: 'tree',
  name: 'base',
  version: { debian: 'base-files' },
  packages: ['base-files', 'base-passwd', 'coreutils', 'dash', 'findutils', 'grep', 'libc-bin', 'sed', 'tzdata'],
  defaults: {
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
    command: ['/bin/sh'],
  },
  build: async ({ root }) => {
    await accounts(root);
    for (const [path, mode] of [
      ['tmp', 0o1777],
      ['var/tmp', 0o1777],
      ['data', 0o755],
      ['run', 0o755],
      ['etc', 0o755],
    ] as const) {
      await mkdir(join(root, path), { recursive: true });
      await chmod(join(root, path), mode);
    }
    await chown(join(root, 'data'), app.id, app.id);
    // Scripts of terminals and conversions between character sets: no program here needs them.
    await prune(root, [
      'usr/lib/x86_64-linux-gnu/gconv',
      'usr/share/zoneinfo/right',
      'usr/share/zoneinfo/posix',
      'usr/sbin/update-passwd',
    ]);
  },
};

/** The files that maintainer scripts of base-passwd and base-files would write, with the user of the images. */
export async function accounts(root: string): Promise<void> {
  const master = (name: string) => readFile(join(root, `usr/share/base-passwd/${name}.master`), 'utf8');
  await put(
    root,
    'etc/passwd',
    `${(await master('passwd')).replaceAll('*', 'x')}${app.name}:x:${app.id}:${app.id}::/tmp:/usr/sbin/nologin\n`,
  );
  await put(root, 'etc/group', `${(await master('group')).replaceAll('*', 'x')}${app.name}:x:${app.id}:\n`);
  await put(root, 'etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n');
  await put(root, 'etc/host.conf', 'multi on\n');
}
