import { AppError } from '../../errors/app-error.ts';
import { codeOf } from '../../errors/describe.ts';
import type { VectorHit, VectorRecord, VectorStore } from '../../ports/vector-store.ts';
import { collectionName } from '../collection-name.ts';
import { guarded } from './pool.ts';

/** What the store needs of a database: pg's pool has it. */
export interface Database {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>;
}

export interface PostgresVectorsOptions {
  readonly database: Database;
  /** The name of the embedding model: part of the table's name, as vectors of two models cannot be compared. */
  readonly model: string;
  readonly dimension: number;
  /** Told when the table had to be made: what it held is lost. */
  readonly onReset?: () => void;
}

/** One statement with this many vectors of 4096 values stays below 32 MB of text. */
const BATCH = 500;

/**
 * Not supported, a file of the extension that is not there, or no right to create it.
 * https://www.postgresql.org/docs/15/errcodes-appendix.html (2026-11-21)
 */
const NO_EXTENSION: ReadonlySet<string> = new Set(['0A000', '58P01', '42501']);

const UNDEFINED_TABLE = '42P01';

/** PostgreSQL cuts longer names off. */
const LONGEST_NAME = 63;

/**
 * Vectors in PostgreSQL itself, by the extension `vector`: for small installs, which then need no vector database beside it.
 *
 * Every search reads all vectors: exact, and fast enough up to some 100,000 of them. Not a migration, as its table depends on
 * the embedding model, and the extension is not everywhere.
 */
export class PostgresVectors implements VectorStore {
  readonly table: string;
  readonly #options: PostgresVectorsOptions;

  constructor(options: PostgresVectorsOptions) {
    this.#options = options;
    this.table = `rag.${collectionName(options.model, options.dimension).slice(0, LONGEST_NAME)}`;
  }

  async ensure(): Promise<void> {
    try {
      // Without parameters, all statements are one transaction. Two replicas that create at once would fail on each other.
      await this.#run(
        `SELECT pg_advisory_xact_lock(hashtextextended('vectors', 2));
         CREATE EXTENSION IF NOT EXISTS vector;
         CREATE SCHEMA IF NOT EXISTS rag;
         CREATE TABLE IF NOT EXISTS ${this.table} (
           id       text COLLATE "C" PRIMARY KEY,
           revision text NOT NULL,
           vector   vector(${this.#options.dimension}) NOT NULL
         );
         CREATE INDEX IF NOT EXISTS ${this.table.slice(4, LONGEST_NAME)}_revision ON ${this.table} (revision);`,
      );
    } catch (error) {
      const code = sqlState(error);
      if (code === undefined || !NO_EXTENSION.has(code)) throw error;
      throw new AppError('dependency_unavailable', {
        message: 'PostgreSQL: the extension "vector" is not available.',
        cure: 'Install pgvector on the server (and CREATE EXTENSION vector as its superuser), or set VECTOR_STORE to milvus or qdrant.',
        cause: error,
      });
    }
  }

  async upsert(records: readonly VectorRecord[]): Promise<void> {
    for (const batch of batches(records)) {
      await this.#again(
        `INSERT INTO ${this.table} (id, revision, vector)
         SELECT id, revision, vector::vector FROM unnest($1::text[], $2::text[], $3::text[]) AS new (id, revision, vector)
         ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, vector = excluded.vector`,
        [batch.map(({ id }) => id), batch.map(({ revision }) => revision), batch.map(({ vector }) => text(vector))],
      );
    }
  }

  async search(vector: readonly number[], limit: number): Promise<VectorHit[]> {
    const rows = await this.#again(
      `SELECT id, 1 - (vector <=> $1::vector) AS score FROM ${this.table} ORDER BY vector <=> $1::vector, id LIMIT $2`,
      [text(vector), limit],
    );
    return rows.map(({ id, score }) => ({ id: String(id), score: Number(score) }));
  }

  async vectors(ids: readonly string[]): Promise<Map<string, readonly number[]>> {
    const rows = await this.#again(`SELECT id, vector::text AS vector FROM ${this.table} WHERE id = ANY ($1::text[])`, [
      ids,
    ]);
    return new Map(rows.map(({ id, vector }) => [String(id), values(String(vector))]));
  }

  async present(ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.#again(`SELECT id FROM ${this.table} WHERE id = ANY ($1::text[])`, [ids]);
    return new Set(rows.map(({ id }) => String(id)));
  }

  async deleteRevisions(revisions: readonly string[]): Promise<void> {
    await this.#again(`DELETE FROM ${this.table} WHERE revision = ANY ($1::text[])`, [revisions]);
  }

  async deleteAllBut(revisions: readonly string[]): Promise<void> {
    await this.#again(`DELETE FROM ${this.table} WHERE revision <> ALL ($1::text[])`, [revisions]);
  }

  async count(): Promise<number> {
    const [row] = await this.#again(`SELECT count(*)::int AS count FROM ${this.table}`, []);
    return Number(row?.count ?? 0);
  }

  async ping(): Promise<void> {
    await this.#again(`SELECT 1 FROM ${this.table} LIMIT 1`, []);
  }

  /** The pool belongs to whoever made it. */
  async close(): Promise<void> {}

  /** Runs a statement, once more when the table was not there: a database restored from a backup may lack it. */
  async #again(statement: string, params: unknown[]): Promise<Record<string, unknown>[]> {
    try {
      return await this.#run(statement, params);
    } catch (error) {
      if (sqlState(error) !== UNDEFINED_TABLE) throw error;
      await this.ensure();
      this.#options.onReset?.();
      return this.#run(statement, params);
    }
  }

  async #run(statement: string, params?: unknown[]): Promise<Record<string, unknown>[]> {
    const { rows } = await guarded(() => this.#options.database.query(statement, params));
    // Rows of pg are plain objects by column.
    return rows as Record<string, unknown>[];
  }
}

/** The SQLSTATE of an error, also of one that became an error of the catalogue. */
function sqlState(error: unknown): string | undefined {
  const cause = error instanceof AppError ? error.cause : error;
  return cause instanceof Error ? codeOf(cause) : undefined;
}

/** As pgvector reads it: `[1,2.5]`. */
function text(vector: readonly number[]): string {
  return `[${vector.join(',')}]`;
}

function values(text: string): number[] {
  return text.slice(1, -1).split(',').map(Number);
}

function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += BATCH) yield items.slice(at, at + BATCH);
}
