import { createHash } from 'node:crypto';
import type pg from 'pg';
import { AppError } from '../../errors/app-error.ts';
import type {
  CommitResult,
  DocumentState,
  DocumentStore,
  LexicalHit,
  NewDocument,
  NewPassage,
  QueryWord,
  StoredPassage,
} from '../../ports/document-store.ts';
import { exclusively } from './exclusively.ts';
import { guarded } from './pool.ts';
import { transaction } from './transaction.ts';
import { lexicalQuery } from './words.ts';

type Row = Record<string, unknown>;

const PASSAGE = 'p.id, p.document, d.title, d.source, p.position, p.heading, p.text, p.revision';

/** Documents and passages in PostgreSQL, schema `rag`. */
export class PostgresDocuments implements DocumentStore {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async state(id: string): Promise<DocumentState | undefined> {
    const rows = await this.#rows(
      'SELECT d.hash, (SELECT count(*)::int FROM rag.passages p WHERE p.document = d.id) AS passages FROM rag.documents d WHERE d.id = $1',
      [id],
    );
    return rows[0] && { hash: String(rows[0].hash), passages: Number(rows[0].passages) };
  }

  async begin(revision: string, document: string): Promise<void> {
    await this.#rows('INSERT INTO rag.vector_garbage (revision, document, pending) VALUES ($1, $2, true)', [
      revision,
      document,
    ]);
  }

  commit(revision: string, document: NewDocument, passages: readonly NewPassage[]): Promise<CommitResult> {
    return transaction(this.#pool, async (client) => {
      await lockDocument(client, document.id);
      const begun = await client.query('DELETE FROM rag.vector_garbage WHERE revision = $1 AND pending', [revision]);
      // The clean-up took the revision for abandoned and may have deleted its vectors already.
      if (begun.rowCount !== 1) throw new AppError('write_conflict');
      const before = await client.query<{ revision: string; hash: string }>(
        'SELECT revision, hash FROM rag.documents WHERE id = $1',
        [document.id],
      );
      const old = before.rows[0];
      if (old?.hash === document.hash) {
        await client.query('INSERT INTO rag.vector_garbage (revision, document, pending) VALUES ($1, $2, false)', [
          revision,
          document.id,
        ]);
        const count = await client.query<{ n: number }>(
          'SELECT count(*)::int AS n FROM rag.passages WHERE document = $1',
          [document.id],
        );
        return { outcome: 'unchanged', passages: count.rows[0]?.n ?? 0 };
      }
      if (old) {
        await client.query('INSERT INTO rag.vector_garbage (revision, document, pending) VALUES ($1, $2, false)', [
          old.revision,
          document.id,
        ]);
        await client.query('DELETE FROM rag.passages WHERE document = $1', [document.id]);
      }
      await client.query(
        `INSERT INTO rag.documents (id, revision, title, source, metadata, hash) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET revision = $2, title = $3, source = $4, metadata = $5, hash = $6, updated_at = now()`,
        [document.id, revision, document.title, document.source, JSON.stringify(document.metadata), document.hash],
      );
      await client.query(
        `INSERT INTO rag.passages (id, document, revision, position, title, heading, text, hash)
         SELECT id, $1, $2, position, $3, heading, text, hash
         FROM unnest($4::text[], $5::int[], $6::text[], $7::text[], $8::text[]) AS new (id, position, heading, text, hash)`,
        [
          document.id,
          revision,
          document.title,
          passages.map((passage) => passage.id),
          passages.map((passage) => passage.position),
          passages.map((passage) => passage.heading),
          passages.map((passage) => passage.text),
          passages.map((passage) => createHash('sha256').update(passage.text).digest('hex')),
        ],
      );
      return { outcome: 'stored', replaced: old ? [old.revision] : [] };
    });
  }

  async abandon(revision: string): Promise<void> {
    await this.#rows('UPDATE rag.vector_garbage SET pending = false WHERE revision = $1', [revision]);
  }

  remove(id: string): Promise<readonly string[] | undefined> {
    return transaction(this.#pool, async (client) => {
      await lockDocument(client, id);
      const gone = await client.query<{ revision: string }>(
        'DELETE FROM rag.documents WHERE id = $1 RETURNING revision',
        [id],
      );
      const revision = gone.rows[0]?.revision;
      if (revision === undefined) return undefined;
      await client.query('INSERT INTO rag.vector_garbage (revision, document, pending) VALUES ($1, $2, false)', [
        revision,
        id,
      ]);
      return [revision];
    });
  }

  async garbage(pendingSeconds: number, limit: number): Promise<readonly string[]> {
    // A begun write that is too old is marked first: from then on its commit fails, so its vectors can go safely.
    await this.#rows(
      'UPDATE rag.vector_garbage SET pending = false WHERE pending AND since < now() - make_interval(secs => $1)',
      [pendingSeconds],
    );
    const rows = await this.#rows('SELECT revision FROM rag.vector_garbage WHERE NOT pending ORDER BY since LIMIT $1', [
      limit,
    ]);
    return rows.map((row) => String(row.revision));
  }

  async collected(revisions: readonly string[]): Promise<void> {
    await this.#rows('DELETE FROM rag.vector_garbage WHERE revision = ANY($1::uuid[]) AND NOT pending', [revisions]);
  }

  async revisions(): Promise<{ live: string[]; unsettled: string[] }> {
    const rows = await this.#rows(
      'SELECT revision, true AS live FROM rag.documents UNION ALL SELECT revision, false FROM rag.vector_garbage',
      [],
    );
    const of = (live: boolean) => rows.filter((row) => row.live === live).map((row) => String(row.revision));
    return { live: of(true), unsettled: of(false) };
  }

  async passages(ids: readonly string[]): Promise<StoredPassage[]> {
    const rows = await this.#rows(
      `SELECT ${PASSAGE} FROM rag.passages p JOIN rag.documents d ON d.id = p.document WHERE p.id = ANY($1::text[]) ORDER BY p.id`,
      [ids],
    );
    return rows.map(toPassage);
  }

  async page(after: string, limit: number): Promise<(StoredPassage & { revision: string })[]> {
    const rows = await this.#rows(
      `SELECT ${PASSAGE} FROM rag.passages p JOIN rag.documents d ON d.id = p.document WHERE p.id > $1 ORDER BY p.id LIMIT $2`,
      [after, limit],
    );
    return rows.map((row) => ({ ...toPassage(row), revision: String(row.revision) }));
  }

  async lexical(words: readonly QueryWord[], limit: number): Promise<LexicalHit[]> {
    const rows = await this.#rows(lexicalQuery, [
      words.map(({ word }) => word),
      words.map(({ before }) => before),
      words.map(({ after }) => after),
      limit,
    ]);
    return rows.map((row) => ({ id: String(row.id), share: Number(row.share), rank: Number(row.rank) }));
  }

  async count(): Promise<number> {
    const rows = await this.#rows('SELECT count(*)::int AS n FROM rag.passages', []);
    return Number(rows[0]?.n ?? 0);
  }

  exclusively(name: string, work: () => Promise<void>): Promise<boolean> {
    return exclusively(this.#pool, name, work);
  }

  async ping(): Promise<void> {
    await this.#rows('SELECT 1', []);
  }

  #rows(text: string, values: unknown[]): Promise<Row[]> {
    return guarded(async () => (await this.#pool.query<Row>(text, values)).rows);
  }
}

/** Writes to one document wait for each other, also over replicas; the row cannot be locked before it exists. */
async function lockDocument(client: pg.PoolClient, id: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', [id]);
}

function toPassage(row: Row): StoredPassage {
  return {
    id: String(row.id),
    document: String(row.document),
    title: String(row.title),
    source: String(row.source),
    position: Number(row.position),
    heading: String(row.heading),
    text: String(row.text),
  };
}
