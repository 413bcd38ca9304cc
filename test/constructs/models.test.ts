import { describe, expect, it } from '@jest/globals';
import { allMiniLmL6V2 } from '../../constructs/index.ts';
import { checkEmbedding } from '../../constructs/models.ts';
import { problem } from '../../constructs/problem.ts';

describe('checkEmbedding', () => {
  it('accepts a collection of the model’s dimension', () => {
    expect(checkEmbedding(allMiniLmL6V2, { name: 'passages', dimension: 384 })).toEqual([]);
  });

  it('says which dimension the model needs', () => {
    expect(checkEmbedding(allMiniLmL6V2, { name: 'passages', dimension: 768 }).map(problem)).toEqual([
      'collections.passages.dimension is 768: "all-minilm-l6-v2" makes vectors of 384: use that, in a new collection if this one has data',
    ]);
  });
});
