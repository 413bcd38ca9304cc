import { readFileSync } from 'node:fs';

/** Processor time that a process and its threads have taken, in seconds. */
export function processorSeconds(pid: number): number {
  // The name in brackets may hold spaces; user and system time are the 14th and 15th field, in hundredths of a second.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
