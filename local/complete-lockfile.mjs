// Run after `npm install <package>` where the npm registry is a mirror that carries only this platform's packages:
//   node local/complete-lockfile.mjs
// npm then leaves the builds for other platforms out of package-lock.json, and `npm ci` refuses such a file on every machine.
// This adds an entry for each; npm skips those of other platforms when it installs.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** The platform that a package of a platform's build has in its name, such as `@swc/core-linux-x64-musl`. */
export function platformOf(name) {
  const words = name.split(/[-/]/);
  const pick = (known) => words.filter((word) => known.includes(word));
  const [os, cpu] = [pick(systems), pick(processors)];
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : [];
  return os.length === 1 && cpu.length === 1 ? { os, cpu, ...(libc.length > 0 ? { libc } : {}) } : undefined;
}

/** Where Node finds a dependency of the package at this place: its own folder first, then those above. */
function isPresent(packages, place, name) {
  for (let folder = place; ; ) {
    if (packages[path.posix.join(folder, 'node_modules', name)] !== undefined) return true;
    const above = folder.lastIndexOf('node_modules/');
    if (folder === '') return false;
    folder = above < 0 ? '' : folder.slice(0, above).replace(/\/$/, '');
  }
}

/** Builds for other platforms that some package names and the file lacks. */
export function missingBuilds({ packages }) {
  return Object.entries(packages).flatMap(([place, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !isPresent(packages, place, name))
      .map(([name, version]) => ({ name, version, dev: entry.dev === true })),
  );
}

/** The file with an entry for each of them; a name that tells no platform is left for a person. */
export function complete(lock) {
  const added = missingBuilds(lock).flatMap(({ name, version, dev }) => {
    const platform = platformOf(name);
    if (platform === undefined || !/^\d/.test(version)) return [];
    return [[`node_modules/${name}`, { version, ...(dev ? { dev } : {}), optional: true, ...platform }]];
  });
  const sorted = Object.entries({ ...lock.packages, ...Object.fromEntries(added) }).sort(([a], [b]) =>
    a.localeCompare(b, 'en'),
  );
  return { ...lock, packages: Object.fromEntries(sorted) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = path.join(path.dirname(process.argv[1]), '..', 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const before = missingBuilds(lock).length;
  const completed = complete(lock);
  writeFileSync(file, `${JSON.stringify(completed, undefined, 2)}\n`);
  const left = missingBuilds(completed).map(({ name }) => name);
  console.log(
    `${before - left.length} entries added${left.length > 0 ? `; no platform in the name of ${left.join(', ')}` : ''}`,
  );
  if (left.length > 0) process.exitCode = 1;
}
