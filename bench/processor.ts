import { readFileSync } from 'node:fs';
import { childrenOf } from '../local/cluster/process-identity.ts';

/** Processor time that a process has taken so far, in seconds. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // User and system time, in ticks of a hundredth; proc(5).
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** A process and those that it started, which started others. */
export function familyOf(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(familyOf)];
}
