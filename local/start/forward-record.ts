import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isRunning, type ProcessIdentity } from '../cluster/process-identity.ts';
import type { Relay } from '../cluster/relays.ts';

/** A port of the host's loopback that a `kubectl port-forward` serves. */
export interface Forward {
  readonly relay: Relay;
  /** Absent in the moment before it is started. */
  readonly process?: ProcessIdentity;
  /** The cluster that it leads to, as arguments of kubectl. */
  readonly connection: readonly string[];
}

const recordOf = (folder: string): string => path.join(folder, 'port-forwards.json');

/** What the last start noted. */
export function readForwards(folder: string): readonly Forward[] {
  try {
    // Written by startForwards() alone.
    return JSON.parse(readFileSync(recordOf(folder), 'utf8')) as readonly Forward[];
  } catch {
    return [];
  }
}

export function writeForwards(folder: string, forwards: readonly Forward[]): void {
  writeFileSync(recordOf(folder), JSON.stringify(forwards));
}

/** Whether its process still runs. */
export const isForwarding = ({ process }: Forward): boolean => process !== undefined && isRunning(process);

/** The ports that are served now. */
export function runningForwards(folder: string): readonly Relay[] {
  return readForwards(folder)
    .filter(isForwarding)
    .map(({ relay }) => relay);
}

/** The ports of the last start, served or not. */
export function lastForwards(folder: string): readonly Relay[] {
  return readForwards(folder).map(({ relay }) => relay);
}
