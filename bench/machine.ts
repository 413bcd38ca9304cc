import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** What a figure depends on beside the code. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Of the instructions that matter for inference, those that the processor has. */
  readonly instructions: readonly string[];
  /** GiB. */
  readonly memory: number;
  readonly kernel: string;
  readonly system: string;
  readonly node: string;
  readonly commit: string;
}

const INTERESTING = ['avx2', 'avx512f', 'avx512_bf16', 'avx_vnni', 'avx512_vnni', 'amx_int8', 'asimddp', 'i8mm', 'sve'];

/** Facts of this machine. */
export function machine(repository: string): Machine {
  const info = read('/proc/cpuinfo');
  const flags = new Set((/^(?:flags|Features)\s*:(.*)$/m.exec(info)?.[1] ?? '').trim().split(' '));
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    instructions: INTERESTING.filter((name) => flags.has(name)),
    memory: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    kernel: release(),
    system: /^PRETTY_NAME="(.*)"$/m.exec(read('/etc/os-release'))?.[1] ?? process.platform,
    node: process.versions.node,
    commit: commit(repository),
  };
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function commit(repository: string): string {
  try {
    return execFileSync('git', ['-C', repository, 'describe', '--always', '--dirty'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'not a checkout';
  }
}
