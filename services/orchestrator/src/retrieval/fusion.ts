/** How much the words count beside the meaning. Chosen by measurement, see docs/services/orchestrator.md. */
export const WORDS_WEIGHT = 0.4;

/**
 * One rank from the cosine and the full-text rank. A weighted sum, not reciprocal ranks: both say how near, and throwing
 * that away for a mere order would let a coincidence of words outrank a passage that plainly answers.
 *
 * @param cosines by id, -1..1
 * @param lexical full-text ranks, about 0..1
 */
export function fuse(
  cosines: ReadonlyMap<string, number>,
  lexical: readonly { readonly id: string; readonly rank: number }[],
): Map<string, number> {
  const words = new Map(lexical.map((hit) => [hit.id, hit.rank]));
  const ids = new Set([...cosines.keys(), ...words.keys()]);
  return new Map([...ids].map((id) => [id, (cosines.get(id) ?? 0) + WORDS_WEIGHT * (words.get(id) ?? 0)]));
}
