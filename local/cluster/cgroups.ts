import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import path from 'node:path';

/** The mount points of all cgroup hierarchies: several with version 1, one with version 2. */
function hierarchies(): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup' || type === 'cgroup2')
    .flatMap(([, target]) => (target === undefined ? [] : [target]));
}

/** Folders of the named cgroup that exist, in all hierarchies. */
export function cgroupFolders(name: string): string[] {
  return hierarchies()
    .map((hierarchy) => path.join(hierarchy, name))
    .filter((folder) => existsSync(folder));
}

/** The processes in a cgroup and in all below it. */
function processesIn(folder: string): number[] {
  const own = readFileSync(path.join(folder, 'cgroup.procs'), 'utf8')
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
  const below = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => processesIn(path.join(folder, entry.name)));
  return [...own, ...below];
}

/** Ends every process in the named cgroup and below it at once. They may take a moment to be gone. */
export function killCgroup(name: string): void {
  for (const pid of new Set(cgroupFolders(name).flatMap(processesIn))) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended on its own.
    }
  }
}

function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(path.join(folder, entry.name));
  }
  rmdirSync(folder);
}

/**
 * Removes the named cgroup and all below it from every hierarchy. The processes must have ended.
 *
 * @throws Error (EBUSY) while a process is left in one of them.
 */
export function removeCgroup(name: string): void {
  for (const folder of cgroupFolders(name)) removeTree(folder);
}

/** Memory that the named cgroup holds, in bytes, without the page cache that the kernel can take back; undefined when unknown. */
export function memoryHeld(name: string): number | undefined {
  for (const folder of cgroupFolders(name)) {
    const stat = path.join(folder, 'memory.stat');
    if (!existsSync(stat)) continue;
    const values = new Map(
      readFileSync(stat, 'utf8')
        .split('\n')
        .map((line): [string, number] => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]),
    );
    const usage = ['memory.usage_in_bytes', 'memory.current'].map((file) => path.join(folder, file)).find(existsSync);
    const inactive = values.get('total_inactive_file') ?? values.get('inactive_file');
    if (usage !== undefined && inactive !== undefined) return Number(readFileSync(usage, 'utf8')) - inactive;
  }
  return undefined;
}
