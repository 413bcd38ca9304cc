import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { VectorStore } from '../../../../services/orchestrator/src/ports/vector-store.ts';

/** What every vector store must do. Vectors here have three values. */
export function vectorStoreContract(name: string, open: () => Promise<VectorStore>): void {
  describe(`vector store contract: ${name}`, () => {
    let store: VectorStore;
    const near = (score: number | undefined) => expect(score).toBeCloseTo(1, 3);

    beforeAll(async () => {
      store = await open();
      await store.ensure();
      await store.upsert([
        { id: 'r1:0', revision: 'r1', vector: [1, 0, 0] },
        { id: 'r1:1', revision: 'r1', vector: [0, 1, 0] },
        { id: 'r2:0', revision: 'r2', vector: [0, 0, 1] },
      ]);
    });
    afterAll(() => store.close());

    it('can be made ready again without harm', async () => {
      await store.ensure();
      expect(await store.count()).toBe(3);
      await expect(store.ping()).resolves.toBeUndefined();
    });

    it('finds the nearest first, with its cosine', async () => {
      const hits = await store.search([0.9, 0.1, 0], 2);
      expect(hits.map((hit) => hit.id)).toEqual(['r1:0', 'r1:1']);
      near((await store.search([0, 0, 2], 1))[0]?.score);
    });

    it('replaces by id', async () => {
      await store.upsert([{ id: 'r2:0', revision: 'r2', vector: [0, 0.6, 0.8] }]);
      expect(await store.count()).toBe(3);
      near((await store.search([0, 0.6, 0.8], 1))[0]?.score);
    });

    it('says what is there, and gives its vectors', async () => {
      expect(await store.present(['r1:0', 'nobody'])).toEqual(new Set(['r1:0']));
      const vectors = await store.vectors(['r1:1', 'nobody']);
      expect([...vectors.keys()]).toEqual(['r1:1']);
      expect(vectors.get('r1:1')?.map(Math.round)).toEqual([0, 1, 0]);
      expect(await store.present([])).toEqual(new Set());
    });

    it('deletes by revision, and everything but some revisions', async () => {
      await store.deleteRevisions(['r2', 'nobody']);
      expect(await store.present(['r1:0', 'r2:0'])).toEqual(new Set(['r1:0']));
      await store.upsert([{ id: 'r3:0', revision: 'r3', vector: [1, 1, 1] }]);
      await store.deleteAllBut(['r3', 'r9']);
      expect(await store.count()).toBe(1);
      await store.deleteAllBut([]);
      expect(await store.count()).toBe(0);
    });
  });
}
