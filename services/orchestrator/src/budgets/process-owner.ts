import { readFileSync } from 'node:fs';

/**
 * This process, told apart from a later one with the same number by its start time in clock ticks since boot, as `<pid>-<start>`; the first
 * process of a container always has the number 1.
 *
 * @throws Error where there is no /proc
 */
export function ownerName(): string {
  const start = startOf(process.pid);
  if (start === undefined) throw new Error('/proc says nothing of this process');
  return `${process.pid}-${start}`;
}

/** Whether the process of that name still runs. A killed one that nobody has reaped does not. */
export function ownerRuns(name: string): boolean {
  const [pid = '', start] = name.split('-');
  return start !== undefined && startOf(Number(pid)) === start;
}

function startOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The program's name stands in parentheses and may hold spaces; the fields after it count from the state, which is the third; proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}
