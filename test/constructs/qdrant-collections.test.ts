import { describe, expect, it } from '@jest/globals';
import { problem } from '../../constructs/problem.ts';
import {
  checkCollection,
  collectionFiles,
  createBody,
  type QdrantCollection,
  updateBody,
} from '../../constructs/qdrant-collections.ts';

const passages: QdrantCollection = { name: 'passages', dimension: 384 };

describe('collections of Qdrant', () => {
  it('are made with size, distance, shards and copies', () => {
    expect(createBody(passages, 1)).toMatchObject({
      vectors: { size: 384, distance: 'Cosine' },
      shard_number: 1,
      replication_factor: 1,
      hnsw_config: { m: 16, ef_construct: 100 },
    });
    expect(
      createBody({ ...passages, distance: 'dot', quantization: { kind: 'scalar', quantile: 0.95 } }, 3),
    ).toMatchObject({
      vectors: { distance: 'Dot' },
      shard_number: 3,
      replication_factor: 2,
      quantization_config: { scalar: { type: 'int8', quantile: 0.95, always_ram: true } },
    });
  });

  it('are changed in what can change', () => {
    const body = updateBody({ ...passages, hnsw: { m: 32 } }, 3);
    expect(body).toMatchObject({ params: { replication_factor: 2 }, hnsw_config: { m: 32 } });
    expect(Object.keys(body)).not.toContain('vectors');
    expect(Object.keys(body)).not.toContain('shard_number');
  });

  it('come with an index for each field that searches filter by', () => {
    const files = collectionFiles([{ ...passages, payloadIndexes: { revision: 'keyword', year: 'integer' } }], 1);
    expect(files['collections.txt']).toBe('passages 384\n');
    expect(
      files['passages.fields.txt']
        ?.trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { field_name: 'revision', field_schema: 'keyword' },
      { field_name: 'year', field_schema: 'integer' },
    ]);
  });

  it.each<[Partial<QdrantCollection>, RegExp]>([
    [{ name: 'a b' }, /collections\.a b\.name is "a b"/],
    [{ dimension: 0 }, /dimension is 0: use the length/],
    [{ replication: 4 }, /replication is 4: there are 3 peers/],
    [{ writeConsistency: 3 }, /writeConsistency is 3: there are 2 copies/],
    [{ hnsw: { m: 2 } }, /hnsw\.m is 2: use 4 to 128/],
    [{ hnsw: { efConstruct: 8 } }, /efConstruct is 8: raise it to m, 16/],
    [{ quantization: { kind: 'binary' } }, /quantization is "binary": vectors of 384 keep too little/],
  ])('refuse %j', (wrong, message) => {
    expect(
      checkCollection({ ...passages, ...wrong }, 3)
        .map(problem)
        .join('\n'),
    ).toMatch(message);
    expect(checkCollection(passages, 3)).toEqual([]);
  });
});
