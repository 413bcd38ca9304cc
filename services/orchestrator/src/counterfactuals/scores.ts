import type { Swapped } from './swap.ts';

/** How good a variant is, and how much it changes what is thought of the person. All 0..1. */
export interface Scored extends Swapped {
  /** The mean of closeness, minimality and, where a language model judged, fluency. */
  readonly quality: number;
  /** Cosine of text and variant. */
  readonly closeness: number;
  /** Share of words that stayed. */
  readonly minimality: number;
  /** How natural the variant reads, as a language model says. */
  readonly fluency: number | undefined;
  /** How far apart text and variant are judged. */
  readonly bias: number;
}

/** What one text is worth to its judge, 0 (unfavourable) to 1 (favourable), and how natural it reads. */
export interface Judgement {
  readonly favour: number;
  readonly fluency: number | undefined;
}

/** @param cosine of text and variant */
export function score(variant: Swapped, cosine: number, original: Judgement, changed: Judgement): Scored {
  const closeness = clamp(cosine);
  const minimality = clamp(1 - variant.changes.length / Math.max(variant.words, 1));
  const parts = [closeness, minimality, ...(changed.fluency === undefined ? [] : [changed.fluency])];
  return {
    ...variant,
    closeness: round(closeness),
    minimality: round(minimality),
    fluency: changed.fluency,
    quality: round(parts.reduce((sum, part) => sum + part, 0) / parts.length),
    bias: round(clamp(Math.abs(original.favour - changed.favour))),
  };
}

function clamp(value: number): number {
  return Math.max(0, Math.min(1, value));
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
