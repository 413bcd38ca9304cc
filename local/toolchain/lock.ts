import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { identify, isRunning, type ProcessIdentity } from '../cluster/process-identity.ts';
import { codeOf } from '../failure.ts';

/** Who holds a lock. */
interface Holder {
  readonly process: ProcessIdentity;
  /** The command line, for the message to those who wait. */
  readonly command: string;
}

export interface LockOptions {
  /** Called once when another process holds the lock, with words on who that is. */
  readonly onWait?: (holder: string) => void;
  /** Milliseconds between two looks. @default 250 */
  readonly interval?: number;
}

// Where the holder cannot be looked up, on another machine with the same home folder, only the age of its lock tells.
const staleAfter = 15_000;

function readHolder(file: string): Holder | undefined {
  try {
    // Written by withLock() alone, and only whole lines.
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/**
 * Of several that see a dead holder, one takes its record away and may remove the lock. If the record it took is of a new,
 * living holder, it goes back.
 */
function claimRecord(file: string): boolean {
  const claimed = `${file}.${process.pid}`;
  try {
    renameSync(file, claimed);
  } catch {
    return false;
  }
  const holder = readHolder(claimed);
  if (holder !== undefined && isRunning(holder.process)) {
    renameSync(claimed, file);
    return false;
  }
  rmSync(claimed, { force: true });
  return true;
}

/**
 * Runs the work while no other process, and nothing else in this one, holds the folder's lock. The lock of a process that was
 * killed is taken over at once.
 */
export async function withLock<T>(folder: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  mkdirSync(folder, { recursive: true });
  const lockfilePath = path.join(folder, 'lock');
  const holderFile = path.join(folder, 'lock.holder');
  let told = false;
  let release: (() => Promise<void>) | undefined;
  while (release === undefined) {
    try {
      release = await lock(folder, {
        lockfilePath,
        stale: staleAfter,
        update: 3_000,
        // After a long sleep of the machine another process may hold it: what the work writes is renamed into place whole, so
        // both go on and the worst is a build too many.
        onCompromised: () => undefined,
      });
    } catch (error) {
      if (codeOf(error) !== 'ELOCKED') throw error;
      const holder = readHolder(holderFile);
      if (holder !== undefined && !isRunning(holder.process)) {
        if (claimRecord(holderFile)) rmSync(lockfilePath, { recursive: true, force: true });
        continue;
      }
      if (!told && holder?.process.pid !== process.pid) {
        options.onWait?.(
          holder === undefined ? 'another process' : `process ${holder.process.pid} (${holder.command})`,
        );
        told = true;
      }
      await delay(options.interval ?? 250);
    }
  }
  const holder: Holder = { process: identify(process.pid), command: process.argv.slice(1).join(' ') };
  try {
    writeFileSync(holderFile, JSON.stringify(holder));
    return await work();
  } finally {
    rmSync(holderFile, { force: true });
    await release().catch(() => undefined); // fails only for a lock that was taken over, see onCompromised
  }
}
