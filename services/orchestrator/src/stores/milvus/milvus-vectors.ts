import {
  ConsistencyLevelEnum,
  DataType,
  ErrorCode,
  LoadState,
  MilvusClient,
  type ResStatus,
  logger as sdkLogger,
} from '@zilliz/milvus2-sdk-node';
import { AppError } from '../../errors/app-error.ts';
import { codeOf, describeError } from '../../errors/describe.ts';
import type { VectorHit, VectorRecord, VectorStore } from '../../ports/vector-store.ts';
import { collectionName } from '../collection-name.ts';

export interface MilvusOptions {
  /** http://host:19530 */
  readonly url: string;
  /** The name of the embedding model: part of the collection's name, as vectors of two models cannot be compared. */
  readonly model: string;
  readonly dimension: number;
  /** @default 5000 */
  readonly timeoutMs?: number;
  /** Told when the collection had to be made or loaded again: what it held may be lost. */
  readonly onReset?: () => void;
}

// The SDK has a logger of its own, which writes requests with their vectors and filters to the standard output.
sdkLogger.silent = true;

/** Above this, one gRPC message would grow needlessly; Milvus itself takes more. */
const BATCH = 500;

const WRITE_TIMEOUT_MS = 60_000;

/** Vectors in Milvus (or Milvus Lite, which speaks the same protocol). */
export class MilvusVectors implements VectorStore {
  readonly collection: string;
  readonly #options: MilvusOptions;
  #client: Promise<MilvusClient> | undefined;

  constructor(options: MilvusOptions) {
    this.#options = options;
    this.collection = collectionName(options.model, options.dimension);
  }

  ensure(): Promise<void> {
    return this.#call(async (client) => {
      const known = await client.hasCollection({ collection_name: this.collection });
      check(known.status);
      if (known.value === false) {
        // Several replicas may get here at once: creating what exists with the same schema is no error in Milvus.
        check(
          await client.createCollection({
            collection_name: this.collection,
            description: `Passages embedded by ${this.#options.model}`,
            fields: [
              { name: 'id', data_type: DataType.VarChar, max_length: 128, is_primary_key: true },
              { name: 'revision', data_type: DataType.VarChar, max_length: 64 },
              { name: 'vector', data_type: DataType.FloatVector, dim: this.#options.dimension },
            ],
            index_params: [
              { field_name: 'vector', index_type: 'IVF_FLAT', metric_type: 'COSINE', params: { nlist: 128 } },
            ],
          }),
        );
      }
      check(await client.loadCollectionSync({ collection_name: this.collection }));
    });
  }

  async upsert(records: readonly VectorRecord[]): Promise<void> {
    for (const batch of batches(records)) {
      await this.#again(async (client) => {
        const data = batch.map((record) => ({ id: record.id, revision: record.revision, vector: [...record.vector] }));
        // The SDK's own limit for writes is a day.
        check((await client.upsert({ collection_name: this.collection, data, timeout: WRITE_TIMEOUT_MS })).status);
      });
    }
  }

  search(vector: readonly number[], limit: number): Promise<VectorHit[]> {
    return this.#again(async (client) => {
      const found = await client.search({
        collection_name: this.collection,
        data: [...vector],
        limit,
        output_fields: ['id'],
        // 16 of 128 clusters: on these sizes the recall of a full scan at a fraction of its work.
        params: { nprobe: 16 },
        // A write that was answered is found by the next search.
        consistency_level: ConsistencyLevelEnum.Strong,
      });
      check(found.status);
      return found.results.map((hit) => ({ id: String(hit.id), score: hit.score }));
    });
  }

  async vectors(ids: readonly string[]): Promise<Map<string, readonly number[]>> {
    const vectors = new Map<string, readonly number[]>();
    for (const row of await this.#rows(ids, ['id', 'vector'])) {
      if (Array.isArray(row.vector)) vectors.set(String(row.id), row.vector.map(Number));
    }
    return vectors;
  }

  async present(ids: readonly string[]): Promise<Set<string>> {
    return new Set((await this.#rows(ids, ['id'])).map((row) => String(row.id)));
  }

  async deleteRevisions(revisions: readonly string[]): Promise<void> {
    for (const batch of batches(revisions)) {
      await this.#again(async (client) => {
        const list = batch.map((revision) => JSON.stringify(revision)).join(', ');
        check((await client.delete({ collection_name: this.collection, filter: `revision in [${list}]` })).status);
      });
    }
  }

  async deleteAllBut(revisions: readonly string[]): Promise<void> {
    // Range by range, so that no filter names more revisions than a batch.
    let from = '';
    const parts = [...batches([...revisions].sort())];
    for (const [at, keep] of (parts.length > 0 ? parts : [[]]).entries()) {
      const last = at >= parts.length - 1 ? undefined : keep.at(-1);
      const filter = [
        `revision > ${JSON.stringify(from)}`,
        ...(last === undefined ? [] : [`revision <= ${JSON.stringify(last)}`]),
        ...(keep.length === 0
          ? []
          : [`revision not in [${keep.map((revision) => JSON.stringify(revision)).join(', ')}]`]),
      ].join(' and ');
      await this.#call(async (client) => {
        check((await client.delete({ collection_name: this.collection, filter })).status);
      });
      from = last ?? from;
    }
  }

  count(): Promise<number> {
    return this.#again(async (client) => {
      const counted = await client.query({
        collection_name: this.collection,
        filter: '',
        output_fields: ['count(*)'],
        consistency_level: ConsistencyLevelEnum.Strong,
      });
      check(counted.status);
      return Number(counted.data[0]?.['count(*)'] ?? 0);
    });
  }

  /** Milvus Lite forgets at a restart what was loaded, and a lost volume takes the collection: both are put right here. */
  async ping(): Promise<void> {
    const loaded = await this.#call(async (client) => {
      const { status, state } = await client.getLoadState({ collection_name: this.collection });
      return status.error_code === ErrorCode.SUCCESS && state === LoadState.LoadStateLoaded;
    });
    if (!loaded) await this.#reset();
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await (await client?.catch(() => undefined))?.closeConnection();
  }

  async #rows(ids: readonly string[], fields: string[]): Promise<Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = [];
    for (const batch of batches(ids)) {
      await this.#again(async (client) => {
        const found = await client.query({
          collection_name: this.collection,
          filter: `id in [${batch.map((id) => JSON.stringify(id)).join(', ')}]`,
          output_fields: fields,
          limit: batch.length,
          consistency_level: ConsistencyLevelEnum.Strong,
        });
        check(found.status);
        rows.push(...found.data);
      });
    }
    return rows;
  }

  /** Like `#call`, once more when the collection was not there or not loaded. */
  async #again<T>(work: (client: MilvusClient) => Promise<T>): Promise<T> {
    try {
      return await this.#call(work);
    } catch (error) {
      if (!(error instanceof CollectionGone)) throw error;
      await this.#reset();
      return this.#call(work);
    }
  }

  async #reset(): Promise<void> {
    await this.ensure();
    this.#options.onReset?.();
  }

  async #call<T>(work: (client: MilvusClient) => Promise<T>): Promise<T> {
    try {
      this.#client ??= this.#connect();
      return await work(await this.#client);
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('dependency_unavailable', { message: `Milvus: ${reasonOf(error)}.`, cause: error });
    }
  }

  /** Once connected, the channel reconnects by itself; but the SDK's client keeps a failed first connect for ever. */
  async #connect(): Promise<MilvusClient> {
    const client = new MilvusClient({
      address: this.#options.url.replace(/^grpc:/, 'http:'),
      timeout: this.#options.timeoutMs ?? 5_000,
      maxRetries: 1,
      telemetry: { enabled: false },
      channelOptions: {
        'grpc.keepalive_time_ms': 30_000,
        'grpc.initial_reconnect_backoff_ms': 200,
        'grpc.max_reconnect_backoff_ms': 2_000,
      },
    });
    try {
      await client.connectPromise;
      return client;
    } catch (error) {
      this.#client = undefined;
      void client.closeConnection().catch(() => undefined);
      throw error;
    }
  }
}

/** The collection does not exist (100) or is not loaded (101). */
class CollectionGone extends AppError {}

function check(status: ResStatus): void {
  if (status.error_code === ErrorCode.SUCCESS) return;
  // https://milvus.io/api-reference/go/v2.4.x/Error-Code.md (2026-11-21); seen with Milvus Lite 3.2
  if (status.code === 100 || status.code === 101) {
    throw new CollectionGone('dependency_unavailable', { message: 'Milvus has not loaded the collection.' });
  }
  // The reason may quote a filter, so only the code is told.
  throw new AppError('dependency_unavailable', { message: `Milvus answered ${status.error_code} (${status.code}).` });
}

/** The codes of gRPC that say that the server is not there; others stay numbers. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error ? codeOf(error) : undefined;
  if (code === '14') return 'cannot be reached';
  if (code === '4') return 'did not answer in time';
  return describeError(error);
}

function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += BATCH) yield items.slice(at, at + BATCH);
}
