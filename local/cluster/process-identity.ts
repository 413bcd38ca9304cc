import { readdirSync, readFileSync } from 'node:fs';

/**
 * A process on this machine, told apart from a later one with the same id by its start time (in clock ticks since boot) and
 * by the boot itself.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** Reads a process's start time, or undefined when there is no such process or only its remains (a zombie). */
function startTimeOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command's name stands in parentheses and may hold spaces; the fields after it count from the state (field 3).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (fields[0] === 'Z' && !hasThreads(pid)) || fields[0] === 'X' ? undefined : fields[19];
}

/**
 * Whether threads of a process live whose first one has ended. After a SIGKILL they end one by one, and what the process held
 * (a port that it listened on) is free only after the last one.
 */
function hasThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

/** @throws Error when the process does not run. */
export function identify(pid: number): ProcessIdentity {
  const startTime = startTimeOf(pid);
  if (startTime === undefined) throw new Error(`process ${pid} does not run`);
  return { pid, startTime, bootId: bootId() };
}

/** Whether a process with this id runs now. A killed one that nobody has reaped does not. */
export function runs(pid: number): boolean {
  return startTimeOf(pid) !== undefined;
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identity.bootId === bootId() && startTimeOf(identity.pid) === identity.startTime;
}

/** Processes that this one started and that it has not reaped; none once it has ended. */
export function childrenOf(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? [] : children.split(' ').map(Number);
  } catch {
    return [];
  }
}

/** Name of a process's program; undefined once it has ended. */
export function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined;
  }
}
