import { chmod, copyFile, mkdir, readdir, rm, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { run } from './run.ts';

/** The user of every image, also the owner of what it may write. */
export const app = { name: 'app', id: 10001 } as const;

const links = ['bin', 'sbin', 'lib', 'lib64'] as const;

// Nobody reads these in a container. Copyright files stay, and the package's record for scanners is written.
const unread = [
  './usr/share/man/*',
  './usr/share/info/*',
  './usr/share/locale/*',
  './usr/share/lintian/*',
  './usr/share/bug/*',
  './usr/share/bash-completion/*',
  './usr/share/doc-base/*',
  './usr/share/menu/*',
  './lib/systemd/*',
  './usr/lib/systemd/*',
  './usr/lib/python3/dist-packages/*/tests/*',
  './etc/init.d/*',
  './etc/default/*',
  './etc/logrotate.d/*',
  './etc/cron.*/*',
];

const extractScript = `set -euo pipefail
root=$1 excludes=$2
shift 2
for package in "$@"; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink --numeric-owner --no-wildcards-match-slash \\
    --wildcards --exclude-from="$excludes"
  name=$(basename "$package")
  dpkg-deb --field "$package" > "$root/var/lib/dpkg/status.d/\${name%%_*}"
done
find "$root/usr/share/doc" -mindepth 2 ! -type d ! -name copyright -delete
find "$root" -xdev -mindepth 2 -type d -empty \\( -path "$root/usr/share/*" -o -path "$root/etc/*" \\) -delete
`;

/** Extracts Debian packages into a tree whose /bin, /sbin and /lib are links into /usr. Maintainer scripts do not run. */
export async function extract(root: string, packages: readonly string[], scratch: string): Promise<void> {
  for (const name of links) {
    await mkdir(join(root, 'usr', name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  await mkdir(join(root, 'var/lib/dpkg/status.d'), { recursive: true });
  await mkdir(join(root, 'usr/share/doc'), { recursive: true });
  const excludes = join(scratch, 'excludes');
  await writeFile(excludes, `${unread.join('\n')}\n`);
  await run('bash', ['-c', extractScript, 'extract', root, excludes, ...packages], {
    cure: 'Is there room on the disk?',
  });
}

/** Removes what a layer above another one must not bring along: the links of the merged /usr, and empty folders. */
export async function trim(root: string): Promise<void> {
  for (const name of links) await rm(join(root, name), { force: true });
  for (const name of links) await rmdir(join(root, 'usr', name)).catch(() => undefined);
}

/** Removes paths from a tree; a last component with `*` matches within its folder. */
export async function prune(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const folder = join(root, dirname(path));
    const pattern = new RegExp(
      `^${basename(path)
        .replace(/[.+()]/g, '\\$&')
        .replaceAll('*', '.*')}$`,
    );
    const names = await readdir(folder).catch(() => []);
    for (const name of names) if (pattern.test(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Writes a text file, with its folders. */
export async function put(root: string, path: string, text: string, mode = 0o644): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text, { mode });
}

/** Copies a file with the mode given, with its folders. */
export async function copy(from: string, root: string, path: string, mode = 0o644): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await copyFile(from, file);
  await chmod(file, mode);
}

/** Makes links: name of the link to what it points at. */
export async function link(root: string, names: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, target] of Object.entries(names)) {
    const file = join(root, name);
    await mkdir(dirname(file), { recursive: true });
    await rm(file, { force: true });
    await symlink(target, file);
  }
}

/** Size of a file in bytes, or undefined when there is none. */
export async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.size;
}
