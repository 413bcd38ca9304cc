import { cpus, release, totalmem } from 'node:os';

/** Where it was measured: figures of another machine cannot be compared. */
export interface Machine {
  readonly processors: number;
  readonly model: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
}

export function machine(): Machine {
  const all = cpus();
  return {
    processors: all.length,
    model: all[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  };
}
