import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { Reconciler } from '../../../../services/orchestrator/src/documents/reconciler.ts';
import { DocumentWriter } from '../../../../services/orchestrator/src/documents/writer.ts';
import { queryWords } from '../../../../services/orchestrator/src/retrieval/terms.ts';
import { PostgresDocuments } from '../../../../services/orchestrator/src/stores/postgres/documents.ts';
import { migrate } from '../../../../services/orchestrator/src/stores/postgres/migrations.ts';
import { createPool } from '../../../../services/orchestrator/src/stores/postgres/pool.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { WordEmbedder } from '../support/embedding.ts';
import { MemoryVectors } from '../support/memory-vectors.ts';

const dir = join(import.meta.dirname, '../../../../services/orchestrator/migrations');

let server: TestPostgres;
let pool: pg.Pool;
let documents: PostgresDocuments;
beforeAll(async () => {
  server = await startPostgres();
  pool = createPool(server.options);
  documents = new PostgresDocuments(pool);
}, 20_000);
afterAll(async () => {
  await pool.end();
  await server.stop();
});

const tables = async () =>
  (await pool.query("SELECT 1 FROM information_schema.tables WHERE table_schema = 'rag'")).rowCount;

describe('the schema of documents', () => {
  it('is there after the migrations, and gone when all of them went back', async () => {
    await migrate({ postgres: server.options, dir });
    expect(await tables()).toBe(3);
    expect(await migrate({ postgres: server.options, dir, direction: 'down', count: 1_000 })).toContain(
      '0001_documents',
    );
    expect(await tables()).toBe(0);
    await migrate({ postgres: server.options, dir });
    expect(await tables()).toBe(3);
  });
});

describe('documents over two stores', () => {
  const text = (word: string) =>
    `# Manual\n\n## Use\n\nTurn the ${word} twice.\n\n## Care\n\nOil the ${word} weekly, and keep it dry in winter.`;

  const setUp = () => {
    const vectors = new MemoryVectors();
    const embedder = new WordEmbedder();
    const writer = new DocumentWriter({ documents, vectors, embedder, onLeftover: () => undefined });
    return { vectors, embedder, writer, reconciler: new Reconciler({ documents, vectors, embedder }) };
  };
  /** The passages' ids in both stores. */
  const held = async (vectors: MemoryVectors) => ({
    passages: (await documents.page('', 1000)).map((passage) => passage.id),
    vectors: [...vectors.records.keys()].sort(),
  });
  const clear = () => pool.query('TRUNCATE rag.documents, rag.passages, rag.vector_garbage');

  it('stores once, and says so when the same comes again', async () => {
    await clear();
    const { writer, vectors, embedder } = setUp();
    const input = { id: 'a', text: text('crank'), metadata: { b: 1, a: [2] } };
    expect(await writer.put(input)).toEqual({ id: 'a', passages: 2, unchanged: false });
    expect(await writer.put({ ...input, metadata: { a: [2], b: 1 } })).toEqual({
      id: 'a',
      passages: 2,
      unchanged: true,
    });
    expect(embedder.embedded).toBe(2);
    const { passages, vectors: ids } = await held(vectors);
    expect(passages).toEqual(ids);
  });

  it('replaces all passages at once, and removes what is replaced or deleted from both', async () => {
    await clear();
    const { writer, vectors } = setUp();
    await writer.put({ id: 'a', text: text('crank') });
    await writer.put({ id: 'a', text: text('lever'), source: 's' });
    const { passages, vectors: ids } = await held(vectors);
    expect(passages).toEqual(ids);
    expect((await documents.passages(passages)).map((passage) => [passage.source, passage.position])).toEqual([
      ['s', 0],
      ['s', 1],
    ]);
    expect(await writer.remove('a')).toBe(true);
    expect(await held(vectors)).toEqual({ passages: [], vectors: [] });
    expect(await writer.remove('a')).toBe(false);
    expect(await documents.garbage(3600, 10)).toEqual([]);
  });

  it('ends with one content when several write the same document at once', async () => {
    await clear();
    const { writer, vectors } = setUp();
    const words = ['crank', 'lever', 'crank', 'wheel', 'crank', 'lever'];
    await Promise.all(words.map((word) => writer.put({ id: 'a', text: text(word) })));
    const { passages, vectors: ids } = await held(vectors);
    expect(passages).toHaveLength(2);
    expect(ids).toEqual(passages);
  });

  it('stores nothing when the embedding fails, and keeps what was there', async () => {
    await clear();
    const { writer, vectors, embedder } = setUp();
    await writer.put({ id: 'a', text: text('crank') });
    embedder.failure = new Error('gone');
    await expect(writer.put({ id: 'a', text: text('lever') })).rejects.toThrow('gone');
    embedder.failure = undefined;
    expect((await documents.passages((await held(vectors)).passages))[0]?.text).toContain('crank');
    expect((await writer.put({ id: 'a', text: text('crank') })).unchanged).toBe(true);
  });

  it.each(['before the vectors', 'after the vectors'])(
    'cleans up after a process that was killed %s',
    async (moment) => {
      await clear();
      const { writer, vectors, reconciler } = setUp();
      await writer.put({ id: 'a', text: text('crank') });
      const revision = randomUUID();
      await documents.begin(revision, 'b');
      if (moment === 'after the vectors') await vectors.upsert([{ id: `${revision}:000000`, revision, vector: [1] }]);
      // Within its time the write may still be going on.
      expect(await reconciler.run(true)).toMatchObject({ removed: 0, swept: false });
      await pool.query("UPDATE rag.vector_garbage SET since = now() - interval '1 hour'");
      expect(await reconciler.run(true)).toMatchObject({ removed: 1 });
      expect((await held(vectors)).vectors).toHaveLength(2);
      const late = documents.commit(revision, { id: 'b', title: 't', source: 's', metadata: {}, hash: 'h' }, []);
      await expect(late).rejects.toMatchObject({ code: 'write_conflict' });
    },
  );

  it('removes later what could not be removed at once', async () => {
    await clear();
    const { writer, vectors, reconciler } = setUp();
    await writer.put({ id: 'a', text: text('crank') });
    const broken = vectors.deleteRevisions;
    vectors.deleteRevisions = async () => Promise.reject(new Error('gone'));
    expect(await writer.remove('a')).toBe(true);
    vectors.deleteRevisions = broken;
    expect(vectors.records.size).toBe(2);
    expect(await reconciler.run(false)).toMatchObject({ removed: 1 });
    expect(vectors.records.size).toBe(0);
  });

  it('makes lost vectors again, and only those', async () => {
    await clear();
    const { writer, vectors, reconciler, embedder } = setUp();
    await writer.put({ id: 'a', text: text('crank') });
    await writer.put({ id: 'b', text: text('lever') });
    const before = await held(vectors);
    vectors.records.delete(before.passages[1] ?? '');
    embedder.embedded = 0;
    expect(await reconciler.run(false)).toEqual({ restored: 1, removed: 0, swept: false });
    expect(embedder.embedded).toBe(1);
    vectors.records.clear();
    await reconciler.run(true);
    expect(await held(vectors)).toEqual(before);
  });

  it('removes vectors that the database knows nothing of, as after it was restored from a backup', async () => {
    await clear();
    const { writer, vectors, reconciler } = setUp();
    await writer.put({ id: 'a', text: text('crank') });
    await vectors.upsert([{ id: 'x:0', revision: randomUUID(), vector: [1] }]);
    expect(await reconciler.run(false)).toMatchObject({ swept: true });
    expect(vectors.records.size).toBe(2);
  });

  it('lets one replica at a time reconcile', async () => {
    await clear();
    const { reconciler } = setUp();
    await documents.exclusively('reconcile', async () => {
      expect(await reconciler.run(true)).toBeUndefined();
    });
    expect(await reconciler.run(true)).toBeDefined();
  });
});

describe('lexical search', () => {
  it('weighs rare words, finds compounds, paths and headings, and counts unknown words', async () => {
    await pool.query('TRUNCATE rag.documents, rag.passages, rag.vector_garbage');
    const writer = new DocumentWriter({
      documents,
      vectors: new MemoryVectors(),
      embedder: new WordEmbedder(),
      onLeftover: () => undefined,
    });
    await writer.put({ id: 'a', text: '## Winch\n\nRun `./bin/unwind.sh` on the boat.' });
    await writer.put({ id: 'b', text: '## Sail\n\nThe boat has a sail. The boat floats.' });
    await writer.put({ id: 'c', text: '## Boat\n\nPaint it.' });
    const find = async (query: string) => {
      const hits = await documents.lexical(queryWords(query), 10);
      const rows = new Map((await documents.passages(hits.map((hit) => hit.id))).map((row) => [row.id, row.document]));
      return hits.map((hit) => ({ document: rows.get(hit.id), share: hit.share }));
    };
    expect((await find('How do I un wind the boat?'))[0]).toEqual({ document: 'a', share: 1 });
    expect((await find('boat'))[0]?.document).toBe('c');
    expect((await find('boat sourdough xylophone'))[0]?.share).toBeLessThan(0.3);
    expect(await find('how do I')).toEqual([]);
    expect(await find("'); DROP TABLE rag.passages; --")).toEqual([]);
  });
});

describe('a database that goes away', () => {
  it('is said to be gone, and used again after its return without a restart', async () => {
    await documents.ping();
    await server.kill();
    await expect(documents.count()).rejects.toMatchObject({ code: 'dependency_unavailable' });
    await server.restart();
    await expect(documents.count()).resolves.toEqual(expect.any(Number));
  });
});
