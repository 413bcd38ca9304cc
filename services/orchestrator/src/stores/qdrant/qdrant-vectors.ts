import { createHash } from 'node:crypto';
import { QdrantClient } from '@qdrant/js-client-rest';
import { AppError } from '../../errors/app-error.ts';
import { describeError } from '../../errors/describe.ts';
import type { VectorHit, VectorRecord, VectorStore } from '../../ports/vector-store.ts';
import { KeyFile } from '../../providers/key-file.ts';
import { collectionName } from '../collection-name.ts';

export interface QdrantOptions {
  /** http://host:6333 */
  readonly url: string;
  /** A mounted secret with the API key; read again when it changes. */
  readonly apiKeyFile: string | undefined;
  /** The name of the embedding model: part of the collection's name, as vectors of two models cannot be compared. */
  readonly model: string;
  readonly dimension: number;
  /** @default 5000 */
  readonly timeoutMs?: number;
  /** Told when the collection had to be made again: what it held is lost. */
  readonly onReset?: () => void;
}

/** Qdrant refuses bodies above 32 MiB: 500 vectors of 4096 values stay below that as JSON. */
const BATCH = 500;

/** Vectors in Qdrant. */
export class QdrantVectors implements VectorStore {
  readonly collection: string;
  readonly #options: QdrantOptions;
  readonly #keyFile: KeyFile | undefined;
  #client: { readonly key: string | undefined; readonly made: QdrantClient } | undefined;

  constructor(options: QdrantOptions) {
    this.#options = options;
    this.collection = collectionName(options.model, options.dimension);
    this.#keyFile = options.apiKeyFile === undefined ? undefined : new KeyFile(options.apiKeyFile);
  }

  ensure(): Promise<void> {
    return this.#call(async (client) => {
      if (!(await client.collectionExists(this.collection)).exists) {
        try {
          await client.createCollection(this.collection, {
            vectors: { size: this.#options.dimension, distance: 'Cosine' },
          });
        } catch (error) {
          // Another replica was faster.
          if (statusOf(error) !== 409) throw error;
        }
      }
      // Idempotent. Deletions select by revision: without an index each would read every point.
      await client.createPayloadIndex(this.collection, {
        field_name: 'revision',
        field_schema: 'keyword',
        wait: true,
      });
    });
  }

  async upsert(records: readonly VectorRecord[]): Promise<void> {
    for (const batch of batches(records)) {
      await this.#again((client) =>
        client.upsert(this.collection, {
          // A write that was answered is found by the next search.
          wait: true,
          points: batch.map(({ id, revision, vector }) => ({
            id: pointId(id),
            vector: [...vector],
            payload: { id, revision },
          })),
        }),
      );
    }
  }

  search(vector: readonly number[], limit: number): Promise<VectorHit[]> {
    return this.#again(async (client) => {
      const { points } = await client.query(this.collection, { query: [...vector], limit, with_payload: ['id'] });
      return points.map((point) => ({ id: String(point.payload?.id), score: point.score }));
    });
  }

  async vectors(ids: readonly string[]): Promise<Map<string, readonly number[]>> {
    const vectors = new Map<string, readonly number[]>();
    for (const { payload, vector } of await this.#points(ids, true)) {
      if (Array.isArray(vector)) vectors.set(String(payload?.id), vector.map(Number));
    }
    return vectors;
  }

  async present(ids: readonly string[]): Promise<Set<string>> {
    return new Set((await this.#points(ids, false)).map(({ payload }) => String(payload?.id)));
  }

  async deleteRevisions(revisions: readonly string[]): Promise<void> {
    for (const batch of batches(revisions)) {
      await this.#again((client) =>
        client.delete(this.collection, {
          wait: true,
          filter: { must: [{ key: 'revision', match: { any: [...batch] } }] },
        }),
      );
    }
  }

  async deleteAllBut(revisions: readonly string[]): Promise<void> {
    await this.#again((client) =>
      client.delete(this.collection, {
        wait: true,
        // An empty list would match nothing, and its negation everything: the same, said plainly.
        filter: revisions.length === 0 ? {} : { must_not: [{ key: 'revision', match: { any: [...revisions] } }] },
      }),
    );
  }

  count(): Promise<number> {
    return this.#again(async (client) => (await client.count(this.collection, { exact: true })).count);
  }

  /** A lost volume takes the collection: it is made again here. */
  async ping(): Promise<void> {
    const { exists } = await this.#call((client) => client.collectionExists(this.collection));
    if (!exists) await this.#reset();
  }

  async close(): Promise<void> {}

  async #points(ids: readonly string[], withVectors: boolean) {
    const found = [];
    for (const batch of batches(ids)) {
      found.push(
        ...(await this.#again((client) =>
          client.retrieve(this.collection, {
            ids: batch.map(pointId),
            with_payload: ['id'],
            with_vector: withVectors,
          }),
        )),
      );
    }
    return found;
  }

  /** Like `#call`, once more when the collection was not there. */
  async #again<T>(work: (client: QdrantClient) => Promise<T>): Promise<T> {
    try {
      return await this.#call(work);
    } catch (error) {
      if (!(error instanceof AppError) || statusOf(error.cause) !== 404) throw error;
      await this.#reset();
      return this.#call(work);
    }
  }

  async #reset(): Promise<void> {
    await this.ensure();
    this.#options.onReset?.();
  }

  /** A client per key: the library sends the headers that it was made with. */
  #connect(): QdrantClient {
    const key = this.#keyFile?.read();
    if (this.#client && this.#client.key === key) return this.#client.made;
    const url = new URL(this.#options.url);
    const made = new QdrantClient({
      url: url.origin,
      // Without this the client takes 6333, whatever the scheme's own port is.
      port: Number(url.port) || (url.protocol === 'https:' ? 443 : 6333),
      timeout: this.#options.timeoutMs ?? 5_000,
      // Its own option for the key writes a warning to the console where the connection is not encrypted.
      headers: { 'api-key': key },
      // It would ask at once, and write to the console.
      checkCompatibility: false,
    });
    this.#client = { key, made };
    return made;
  }

  async #call<T>(work: (client: QdrantClient) => Promise<T>): Promise<T> {
    try {
      return await work(this.#connect());
    } catch (error) {
      if (error instanceof AppError) throw error;
      const status = statusOf(error);
      // Its messages quote what they were sent, so only the status is told.
      const reason = status === undefined ? describeError(error) : `answered ${status}`;
      throw new AppError('dependency_unavailable', { message: `Qdrant: ${reason}.`, cause: error });
    }
  }
}

/**
 * Points are named by UUIDs or numbers: the id of a passage, `revision:000001`, gives one by its hash (a UUID of version 8,
 * RFC 9562), the same on every replica.
 */
export function pointId(id: string): string {
  const bytes = createHash('sha256').update(id).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The HTTP status with which Qdrant refused, where it answered at all. */
function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number'
    ? error.status
    : undefined;
}

function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += BATCH) yield items.slice(at, at + BATCH);
}
