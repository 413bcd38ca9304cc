import { mkdirSync, readFileSync, rmdirSync, type StatsFs, statfsSync } from 'node:fs';
import path from 'node:path';
import { exitCodes, Failure } from './failure.ts';
import type { Paths } from './paths.ts';
import { goVersion } from './toolchain/go.ts';

/** What is asked of this machine; a test gives other answers. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Undefined where users have no numbers. */
  readonly uid: number | undefined;
  /** Content of /etc/os-release; empty without one. */
  readonly osRelease: string;
  /** Bit mask of the effective capabilities. */
  readonly capabilities: bigint;
  /** Why no cgroup can be made, or undefined when one can. */
  readonly cgroupProblem: () => { readonly path: string; readonly value: string } | undefined;
  /** Free bytes on the file system of a folder that may not exist yet. */
  readonly freeBytes: (folder: string) => number;
}

/** What the command is going to do, as far as its needs differ. */
export interface Needs {
  /**
   * Free space in GiB for what is built and kept. 12 is enough for everything from empty caches; see {@link spaceNeeded}.
   */
  readonly gibibytes: number;
  /**
   * What is made here: `cluster` is everything, `images` needs root for the owners of their files, `tools` needs little.
   *
   * @default cluster
   */
  readonly makes?: Makes;
}

export type Makes = 'cluster' | 'images' | 'tools';

// Number of the capability that namespaces and mounts need: CAP_SYS_ADMIN in linux/capability.h.
const sysAdmin = 21n;

const gibibyte = 1024 ** 3;

function problem(path: string, value: string, cure: string): Failure {
  return new Failure({ path, value, cure, exitCode: exitCodes.environment });
}

/** Whether os-release tells of Debian or something made from it. */
export function isDebianLike(osRelease: string): boolean {
  const value = (key: string): readonly string[] =>
    new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(osRelease)?.[1]?.split(/\s+/) ?? [];
  return [...value('ID'), ...value('ID_LIKE')].includes('debian');
}

/** Everything on which the local platform would fail on this machine, each with its cure. */
export function problemsOf(machine: Machine, paths: Paths, needs: Needs): readonly Failure[] {
  const problems: Failure[] = [];
  if (machine.platform !== 'linux' || machine.arch !== 'x64') {
    const value = `${machine.platform} on ${machine.arch} is not supported`;
    // Nothing else can be asked of it.
    return [problem('system', value, 'Use Linux on x86-64, for example in a virtual machine')];
  }
  const { makes = 'cluster' } = needs;
  if (makes !== 'tools' && !isDebianLike(machine.osRelease)) {
    problems.push(
      problem(
        '/etc/os-release',
        'this is no Debian-like system',
        'Use Debian, Ubuntu or a relative of them, or a container of one',
      ),
    );
  }
  if (makes !== 'tools' && machine.uid !== 0) {
    const instead = makes === 'images' ? ', or name a registry that has the images: --registry <prefix>' : '';
    problems.push(
      problem(
        'user',
        `id ${machine.uid} is not root`,
        `Run the command as root, for example: sudo --preserve-env=PATH npm start${instead}`,
      ),
    );
  } else if (makes !== 'tools' && ((machine.capabilities >> sysAdmin) & 1n) === 0n) {
    problems.push(
      problem(
        '/proc/self/status',
        'CapEff lacks CAP_SYS_ADMIN',
        'Run in a privileged container or on the machine itself',
      ),
    );
  } else if (makes === 'cluster') {
    const cgroup = machine.cgroupProblem();
    if (cgroup !== undefined) {
      problems.push(
        problem(
          cgroup.path,
          cgroup.value,
          'Mount the cgroup file systems writable, as a privileged container has them',
        ),
      );
    }
  }
  for (const folder of new Set([paths.cache, paths.state])) {
    const free = machine.freeBytes(folder) / gibibyte;
    if (free >= needs.gibibytes) continue;
    const variable = folder === paths.cache ? 'KEELSON_CACHE' : 'KEELSON_STATE';
    const value = `${free.toFixed(1)} GiB free of the ${needs.gibibytes} GiB needed`;
    problems.push(problem(folder, value, `Free some, or set ${variable} to a folder on a larger disk`));
    break;
  }
  return problems;
}

/** The folder itself or the nearest one above it that exists. */
function statfsOf(folder: string): StatsFs {
  try {
    return statfsSync(folder);
  } catch (error) {
    if (folder === path.dirname(folder)) throw error;
    return statfsOf(path.dirname(folder));
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Tries to make a cgroup in each hierarchy that pods need. */
function cgroupProblem(): { readonly path: string; readonly value: string } | undefined {
  const mounts = read('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' '));
  const unified = mounts.filter(([, , type]) => type === 'cgroup2').map(([, target = '']) => target);
  const controllers = ['cpu', 'memory', 'pids'];
  const single = controllers.map((controller) => ({
    controller,
    target: mounts.find(
      ([, , type, options = '']) => type === 'cgroup' && options.split(',').includes(controller),
    )?.[1],
  }));
  const versionOne = single.some(({ target }) => target !== undefined);
  if (!versionOne && unified.length === 0) return { path: '/sys/fs/cgroup', value: 'no cgroup file system is mounted' };
  const lacking = versionOne ? single.find(({ target }) => target === undefined) : undefined;
  if (lacking !== undefined)
    return { path: '/sys/fs/cgroup', value: `the ${lacking.controller} controller is not mounted` };
  for (const target of versionOne ? single.map((each) => each.target ?? '') : unified.slice(0, 1)) {
    const folder = path.join(target, `keelson-preflight-${process.pid}`);
    try {
      mkdirSync(folder);
      rmdirSync(folder);
    } catch (error) {
      return { path: target, value: `no cgroup can be made (${error instanceof Error ? error.message : error})` };
    }
  }
  return undefined;
}

/** This machine. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.(),
    osRelease: read('/etc/os-release'),
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status'))?.[1] ?? '0'}`),
    cgroupProblem,
    freeBytes: (folder) => {
      const { bavail, bsize } = statfsOf(folder);
      return bavail * bsize;
    },
  };
}

/** GiB that a start needs: what is in the cache already is not made a second time. */
export function spaceNeeded(paths: Paths, makes: Makes = 'cluster'): number {
  // The tools alone with what Go keeps to build them.
  if (makes === 'tools') return 4;
  const cached = read(path.join(paths.images, 'images.json')) !== '';
  return cached ? 3 : 12;
}

/**
 * Checks that the local platform can run here.
 *
 * @throws Failure with one problem, or AggregateError with a Failure for each of several
 */
export async function preflight(paths: Paths, needs: Needs = { gibibytes: spaceNeeded(paths) }): Promise<void> {
  const problems = [...problemsOf(thisMachine(), paths, needs)];
  // On another system the first problem says it all.
  if (process.platform === 'linux') {
    try {
      await goVersion();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problems.push(error);
    }
  }
  const [first, ...others] = problems;
  if (first === undefined) return;
  throw others.length === 0 ? first : new AggregateError(problems, first.message);
}
