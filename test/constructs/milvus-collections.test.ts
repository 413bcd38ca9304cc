import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import {
  checkMilvusCollection,
  createCollectionBody,
  type MilvusCollection,
  milvusCollectionFiles,
  searchParameters,
} from '../../constructs/milvus-collections.ts';
import { problem } from '../../constructs/problem.ts';

const documents: MilvusCollection = { name: 'documents', dimension: 384 };

describe('collections of Milvus', () => {
  it.each([
    [{ kind: 'IVF_FLAT' }, { index_type: 'IVF_FLAT', nlist: '1024' }, { nprobe: 16 }],
    [{ kind: 'IVF_SQ8', nlist: 128, nprobe: 32 }, { index_type: 'IVF_SQ8', nlist: '128' }, { nprobe: 32 }],
    [
      { kind: 'HNSW', m: 8, efConstruction: 64, ef: 40 },
      { index_type: 'HNSW', M: '8', efConstruction: '64' },
      { ef: 40 },
    ],
  ] as const)('are built and searched as %j says', (index, built, searched) => {
    expect(createCollectionBody({ ...documents, shards: 2 }, index)).toMatchObject({
      collectionName: 'documents',
      indexParams: [{ fieldName: 'vector', metricType: 'COSINE', indexType: index.kind, params: built }],
      params: { shardsNum: 2 },
    });
    expect(searchParameters(index)).toEqual(searched);
  });

  it('have an id, a vector, and the fields that are declared', () => {
    const fields = { revision: { type: 'text', maxLength: 64 }, year: { type: 'integer' } } as const;
    expect(createCollectionBody({ ...documents, fields }, { kind: 'HNSW' })).toMatchObject({
      schema: {
        fields: [
          { fieldName: 'id', dataType: 'VarChar', isPrimary: true, elementTypeParams: { max_length: '128' } },
          { fieldName: 'revision', dataType: 'VarChar', elementTypeParams: { max_length: '64' } },
          { fieldName: 'year', dataType: 'Int64' },
          { fieldName: 'vector', dataType: 'FloatVector', elementTypeParams: { dim: '384' } },
        ],
      },
    });
  });

  it('come with a script that is shell', () => {
    const script = milvusCollectionFiles([{ ...documents, index: { kind: 'HNSW' } }])['collections.sh'];
    expect(() => execFileSync('sh', ['-n'], { input: script })).not.toThrow();
  });

  it.each<[Partial<MilvusCollection>, RegExp]>([
    [{ name: '1st' }, /name is "1st": use letters/],
    [{ dimension: 1 }, /dimension is 1: use the length/],
    [{ shards: 17 }, /shards is 17: use 1 to 16/],
    [{ index: { kind: 'IVF_FLAT', nlist: 70_000 } }, /index\.nlist is 70000: use 1 to 65536/],
    [{ index: { kind: 'HNSW', m: 1 } }, /index\.m is 1: use 2 to 2048/],
  ])('refuse %j', (wrong, message) => {
    expect(
      checkMilvusCollection({ ...documents, ...wrong })
        .map(problem)
        .join('\n'),
    ).toMatch(message);
    expect(checkMilvusCollection(documents)).toEqual([]);
  });
});
