import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { vector as pgvector } from '@electric-sql/pglite-pgvector';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { collectionName } from '../../../../services/orchestrator/src/stores/collection-name.ts';
import { MilvusVectors } from '../../../../services/orchestrator/src/stores/milvus/milvus-vectors.ts';
import { createPool } from '../../../../services/orchestrator/src/stores/postgres/pool.ts';
import { type Database, PostgresVectors } from '../../../../services/orchestrator/src/stores/postgres/vectors.ts';
import { pointId, QdrantVectors } from '../../../../services/orchestrator/src/stores/qdrant/qdrant-vectors.ts';
import { startPostgres } from '../../../support/postgres.ts';
import { type FakeQdrant, startFakeQdrant } from '../../../support/qdrant.ts';
import { MemoryVectors } from '../support/memory-vectors.ts';
import { vectorStoreContract } from './vector-store.contract.ts';

vectorStoreContract('memory', async () => new MemoryVectors());

// The real one where it is at hand: MILVUS_URL=http://127.0.0.1:19530 jest …; milvus.process.test.ts starts one.
const url = process.env.MILVUS_URL;
if (url !== undefined) {
  vectorStoreContract('Milvus', async () => new MilvusVectors({ url, model: `contract-${process.pid}`, dimension: 3 }));
}

let qdrant: FakeQdrant;
let lite: PGlite;
beforeAll(async () => {
  qdrant = await startFakeQdrant();
  lite = await PGlite.create({ extensions: { vector: pgvector } });
});
afterAll(async () => {
  await qdrant.stop();
  await lite.close();
});

vectorStoreContract(
  "Qdrant's REST API, by a stand-in",
  async () => new QdrantVectors({ url: qdrant.url, apiKeyFile: undefined, model: 'contract', dimension: 3 }),
);

/** PGlite as pg would be: without parameters, several statements may come at once. */
const database: Database = {
  query: async (text, values) => (values ? lite.query(text, values) : { rows: await lite.exec(text) }),
};

vectorStoreContract(
  'PostgreSQL with pgvector',
  async () => new PostgresVectors({ database, model: 'contract', dimension: 3 }),
);

describe('MilvusVectors', () => {
  it('says that it cannot be reached, and why', async () => {
    const vectors = new MilvusVectors({ url: 'http://127.0.0.1:9', model: 'm', dimension: 3, timeoutMs: 300 });
    await expect(vectors.search([1, 0, 0], 1)).rejects.toMatchObject({
      code: 'dependency_unavailable',
      statusCode: 503,
    });
    await vectors.close();
  });
});

describe('QdrantVectors', () => {
  it('makes a lost collection again, and says that its content is gone', async () => {
    let resets = 0;
    const store = new QdrantVectors({
      url: qdrant.url,
      apiKeyFile: undefined,
      model: 'lost',
      dimension: 2,
      onReset: () => {
        resets += 1;
      },
    });
    await store.ensure();
    await store.upsert([{ id: 'a', revision: 'r', vector: [1, 0] }]);
    qdrant.lose();
    expect(await store.search([1, 0], 1)).toEqual([]);
    qdrant.lose();
    await store.ping();
    expect(resets).toBe(2);
    expect(await store.count()).toBe(0);
  });

  it('lets several replicas make the collection at once', async () => {
    const stores = [1, 2, 3].map(
      () => new QdrantVectors({ url: qdrant.url, apiKeyFile: undefined, model: 'race', dimension: 2 }),
    );
    await Promise.all(stores.map((store) => store.ensure()));
    expect(qdrant.seen.filter((request) => request === 'PUT /collections/passages_race_2').length).toBeGreaterThan(1);
  });

  it('sends the key of the file', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'keelson-qdrant-'));
    const apiKeyFile = join(dir, 'key');
    writeFileSync(apiKeyFile, 'first\n');
    const store = new QdrantVectors({ url: qdrant.url, apiKeyFile, model: 'key', dimension: 2 });
    await store.ensure();
    expect(qdrant.lastKey()).toBe('first');
    rmSync(dir, { recursive: true });
  });

  it('says that it cannot be reached, and repeats nothing of what it was sent', async () => {
    const away = new QdrantVectors({ url: 'http://127.0.0.1:9', apiKeyFile: undefined, model: 'm', dimension: 2 });
    await expect(away.ping()).rejects.toMatchObject({ code: 'dependency_unavailable', statusCode: 503 });
    const store = new QdrantVectors({ url: qdrant.url, apiKeyFile: undefined, model: 'm', dimension: 2 });
    await store.ensure();
    await expect(store.upsert([{ id: 'canary', revision: 'r', vector: [1, 2, 3] }])).rejects.toThrow(
      /^A service that this answer needs cannot be reached\. Qdrant: answered 400\.$/,
    );
  });

  it('names points by UUIDs', () => {
    expect(pointId('r1:0')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(pointId('r1:0')).toBe(pointId('r1:0'));
    expect(pointId('r1:0')).not.toBe(pointId('r1:1'));
  });
});

describe('PostgresVectors', () => {
  it('makes a lost table again, and says that its content is gone', async () => {
    let resets = 0;
    const onReset = () => {
      resets += 1;
    };
    const store = new PostgresVectors({ database, model: 'lost', dimension: 2, onReset });
    await store.ensure();
    await store.upsert([{ id: 'a', revision: 'r', vector: [1, 0] }]);
    await lite.exec(`DROP TABLE ${store.table}`);
    expect(await store.search([1, 0], 1)).toEqual([]);
    expect(resets).toBe(1);
  });

  it('says what to do on a server without the extension', async () => {
    const server = await startPostgres();
    const pool = createPool(server.options);
    const { rows } = await pool.query("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'");
    const made = new PostgresVectors({ database: pool, model: 'm', dimension: 2 }).ensure();
    if (rows.length > 0) await expect(made).resolves.toBeUndefined();
    else
      await expect(made).rejects.toMatchObject({
        message: expect.stringContaining('the extension "vector" is not available'),
        cure: expect.stringContaining('pgvector'),
      });
    await pool.end();
    await server.stop();
  });
});

describe('collections', () => {
  it('keep the vectors of different models apart', () => {
    expect(collectionName('all-MiniLM-L6-v2', 384)).toBe('passages_all_minilm_l6_v2_384');
  });
});
