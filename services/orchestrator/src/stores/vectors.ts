import type pg from 'pg';
import type { VectorsConfig } from '../config.ts';
import type { VectorStore } from '../ports/vector-store.ts';
import { MilvusVectors } from './milvus/milvus-vectors.ts';
import { PostgresVectors } from './postgres/vectors.ts';
import { QdrantVectors } from './qdrant/qdrant-vectors.ts';

/** What every vector store is opened with. */
export interface VectorsOptions {
  /** The name of the embedding model: vectors of two models are kept apart. */
  readonly model: string;
  readonly dimension: number;
  /** For the store inside PostgreSQL. */
  readonly pool: pg.Pool;
  /** Told when what the store held may be lost. */
  readonly onReset: () => void;
}

/** The vector store that the configuration names. Nothing is asked of it yet. */
export function openVectors(config: VectorsConfig, options: VectorsOptions): VectorStore {
  const { pool, ...rest } = options;
  switch (config.kind) {
    case 'milvus':
      return new MilvusVectors({ ...rest, url: config.url });
    case 'qdrant':
      return new QdrantVectors({ ...rest, url: config.url, apiKeyFile: config.apiKeyFile });
    case 'postgres':
      return new PostgresVectors({ ...rest, database: pool });
  }
}
