import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** Reads a file as text; undefined where it does not exist. */
export type ReadText = (path: string) => string | undefined;

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Threads that can compute at once: the container's CPU quota, rounded up, and never more than there are CPUs. */
export function defaultThreads(): number {
  return threadsFor(cpuQuota(readText), availableParallelism());
}

export function threadsFor(quota: number | undefined, cpus: number): number {
  return Math.max(1, Math.min(cpus, Math.ceil(quota ?? cpus)));
}

/**
 * The CPUs that the cgroup may use, as a fraction; undefined when it is not limited. A group is bound by its parents
 * too, so the lowest on the way up counts. Version 2 is looked at first, then version 1.
 */
export function cpuQuota(read: ReadText): number | undefined {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').map(parseGroup);
  const unified = groups.find((group) => group?.controllers === '');
  const cpu = groups.find((group) => group?.controllers.split(',').includes('cpu'));
  const quotas = [
    ...ancestors(unified?.path).map((path) => parseCpuMax(read(join('/sys/fs/cgroup', path, 'cpu.max')))),
    ...ancestors(cpu?.path).flatMap((path) =>
      // One hierarchy, mounted under either name.
      ['cpu', 'cpu,cpuacct'].map((mount) => {
        const folder = join('/sys/fs/cgroup', mount, path);
        return ratio(read(join(folder, 'cpu.cfs_quota_us')), read(join(folder, 'cpu.cfs_period_us')));
      }),
    ),
  ].filter((quota) => quota !== undefined);
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

/** "4:cpu,cpuacct:/pods/a" or, in version 2, "0::/pods/a". */
function parseGroup(line: string): { controllers: string; path: string } | undefined {
  const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
  const [, controllers, path] = match ?? [];
  return controllers === undefined || path === undefined ? undefined : { controllers, path };
}

/** The path and all above it. Inside a container the path may be the host's, and only the root exists. */
function ancestors(path = '/'): string[] {
  const parts = path.split('/').filter(Boolean);
  return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}

/** "150000 100000", or "max 100000" without a limit. */
function parseCpuMax(text: string | undefined): number | undefined {
  const [quota, period] = (text ?? '').trim().split(/\s+/);
  return ratio(quota, period);
}

function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  const [top, bottom] = [Number(quota), Number(period)];
  // No limit is "max" in version 2 and -1 in version 1.
  return top > 0 && bottom > 0 ? top / bottom : undefined;
}
