import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MilvusVectors } from '../../../../services/orchestrator/src/stores/milvus/milvus-vectors.ts';
import { startMilvus, type TestMilvus } from '../../../support/milvus.ts';
import { eventually } from '../../../support/processes.ts';
import { vectorStoreContract } from './vector-store.contract.ts';

let milvus: TestMilvus;
beforeAll(async () => {
  milvus = await startMilvus();
}, 300_000);
afterAll(() => milvus.stop());

vectorStoreContract('Milvus Lite', async () => new MilvusVectors({ url: milvus.url, model: 'contract', dimension: 3 }));

describe('a Milvus that goes away', () => {
  it('is said to be gone, and used again after its return with what it held', async () => {
    let resets = 0;
    const store = new MilvusVectors({
      url: milvus.url,
      model: 'restart',
      dimension: 2,
      timeoutMs: 2_000,
      onReset: () => {
        resets += 1;
      },
    });
    await store.ensure();
    await store.upsert([{ id: 'a', revision: 'r', vector: [1, 0] }]);
    await milvus.kill();
    await expect(store.search([1, 0], 1)).rejects.toMatchObject({ code: 'dependency_unavailable' });
    await milvus.restart();
    // It forgets what was loaded: the store loads it again, and says that something may be lost.
    const hits = await eventually(() => store.search([1, 0], 1), 30_000);
    expect(hits.map(({ id }) => id)).toEqual(['a']);
    expect(resets).toBeGreaterThan(0);
    await store.close();
  }, 120_000);
});
