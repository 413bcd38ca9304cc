import { isRecord } from '../json.ts';
import type { Wrong } from './config.ts';

/** How long each phase of a call may take, in milliseconds. */
export interface PhaseTimeouts {
  readonly connect: number;
  /** Until the headers of a stream. */
  readonly headers: number;
  /** Until the headers of an answer that is not a stream: those come when the model has said everything. */
  readonly answer: number;
  /** From the headers of a stream to the first content. */
  readonly firstToken: number;
  readonly betweenChunks: number;
  readonly total: number;
}

/** Patient enough for a model that is first loaded from disk on a CPU. */
export const DEFAULT_TIMEOUTS: PhaseTimeouts = {
  connect: 2_000,
  headers: 60_000,
  answer: 300_000,
  firstToken: 60_000,
  betweenChunks: 30_000,
  total: 600_000,
};

/** @returns undefined when none are given */
export function parseTimeouts(given: unknown, wrong: Wrong): PhaseTimeouts | undefined {
  if (given === undefined) return undefined;
  const phases = Object.keys(DEFAULT_TIMEOUTS).join(', ');
  if (!isRecord(given)) {
    wrong('.timeouts', 'is not an object', `Use milliseconds for ${phases}.`);
    return undefined;
  }
  const merged: Record<keyof PhaseTimeouts, number> = { ...DEFAULT_TIMEOUTS };
  for (const [phase, value] of Object.entries(given)) {
    if (!isPhase(phase)) wrong(`.timeouts.${phase}`, 'is not a phase', `Use ${phases}.`);
    else if (typeof value !== 'number' || !(value > 0))
      wrong(`.timeouts.${phase}`, 'is not a time', 'Use milliseconds above 0.');
    else merged[phase] = value;
  }
  return merged;
}

function isPhase(name: string): name is keyof PhaseTimeouts {
  return Object.hasOwn(DEFAULT_TIMEOUTS, name);
}
