import { describe, expect, it } from '@jest/globals';
import { collectionName, MilvusVectors } from '../../../../services/orchestrator/src/stores/milvus/milvus-vectors.ts';
import { MemoryVectors } from '../support/memory-vectors.ts';
import { vectorStoreContract } from './vector-store.contract.ts';

vectorStoreContract('memory', async () => new MemoryVectors());

// The real one where it is at hand: MILVUS_URL=http://127.0.0.1:19530 jest …
const url = process.env.MILVUS_URL;
if (url !== undefined) {
  vectorStoreContract('Milvus', async () => new MilvusVectors({ url, model: `contract-${process.pid}`, dimension: 3 }));
}

describe('MilvusVectors', () => {
  it('says that it cannot be reached, and why', async () => {
    const vectors = new MilvusVectors({ url: 'http://127.0.0.1:9', model: 'm', dimension: 3, timeoutMs: 300 });
    await expect(vectors.search([1, 0, 0], 1)).rejects.toMatchObject({
      code: 'dependency_unavailable',
      statusCode: 503,
    });
    await vectors.close();
  });

  it('keeps the vectors of different models apart', () => {
    expect(collectionName('all-MiniLM-L6-v2', 384)).toBe('passages_all_minilm_l6_v2_384');
  });
});
