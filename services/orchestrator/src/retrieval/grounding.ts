import type { Found } from './retriever.ts';

/** What a passage needs to count as an answer. Chosen by measurement, see docs/services/orchestrator.md. */
export interface GroundingThresholds {
  /** A cosine that is enough alone. */
  readonly sure: number;
  /** A cosine that is enough when the passage also holds the question's words. */
  readonly possible: number;
  /** The share of the question's words, weighed by rarity, that the passage must hold in that case, 0..1. */
  readonly words: number;
}

export const DEFAULT_THRESHOLDS: GroundingThresholds = { sure: 0.42, possible: 0.28, words: 0.4 };

/** Whether a passage is about the question, or merely the nearest of all that is stored. */
export function isGrounded(found: Found, thresholds: GroundingThresholds = DEFAULT_THRESHOLDS): boolean {
  if (found.score >= thresholds.sure) return true;
  return found.score >= thresholds.possible && found.words >= thresholds.words;
}
