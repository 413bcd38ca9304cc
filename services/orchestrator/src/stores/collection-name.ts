/** Vectors of one model and length share a collection: `passages_all_minilm_l6_v2_384`. */
export function collectionName(model: string, dimension: number): string {
  return `passages_${model.toLowerCase().replace(/[^a-z0-9]+/g, '_')}_${dimension}`;
}
