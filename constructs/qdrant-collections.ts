import type { Distance, VectorCollection } from './models.ts';
import type { Problem } from './problem.ts';

/** How vectors are kept in fewer bits, for the search; the originals stay. */
export type QdrantQuantization =
  /** A byte for each number. */
  | {
      readonly kind: 'scalar';
      /** Share of the values that the byte has to cover, 0.5 to 1. @default 0.99 */
      readonly quantile?: number;
      /** @default true */
      readonly inMemory?: boolean;
    }
  | {
      readonly kind: 'product';
      readonly compression: 'x4' | 'x8' | 'x16' | 'x32' | 'x64';
      /** @default true */
      readonly inMemory?: boolean;
    }
  /** A bit for each number: for models with 1024 dimensions and more. */
  | {
      readonly kind: 'binary';
      /** @default true */
      readonly inMemory?: boolean;
    };

/** Form in which a field of the payload is indexed, so that searches can filter by it. */
export type PayloadIndex = 'keyword' | 'integer' | 'float' | 'bool' | 'geo' | 'datetime' | 'text' | 'uuid';

/** A collection and how it is built. Defaults are Qdrant's own (qdrant.tech, collections and indexing, 2026-11). */
export interface QdrantCollection extends VectorCollection {
  /** Parts that can lie on different peers. It cannot be changed later. @default - one for each peer */
  readonly shards?: number;
  /** Copies of each shard. @default - 1, or 2 where there are several peers */
  readonly replication?: number;
  /** Copies that have to confirm a write. @default 1 */
  readonly writeConsistency?: number;
  /** Originals on disk in place of memory. @default false */
  readonly onDisk?: boolean;
  /** The graph that searches walk along. */
  readonly hnsw?: {
    /** Edges of each point. @default 16 */
    readonly m?: number;
    /** Neighbours that are looked at while building. @default 100 */
    readonly efConstruct?: number;
    /** Below so many KiB of vectors all are compared. @default 10000 */
    readonly fullScanThreshold?: number;
    /** @default false */
    readonly onDisk?: boolean;
  };
  /** @default - none */
  readonly quantization?: QdrantQuantization;
  /** KiB of vectors in a segment from which on it gets an index. @default 10000 */
  readonly indexingThreshold?: number;
  /** Fields that searches filter by. @default - none */
  readonly payloadIndexes?: Readonly<Record<string, PayloadIndex>>;
}

const distances: Readonly<Record<Distance, string>> = { cosine: 'Cosine', dot: 'Dot', euclidean: 'Euclid' };

/** Body of the request that makes a collection. */
export function createBody(collection: QdrantCollection, peers: number): object {
  return {
    vectors: {
      size: collection.dimension,
      distance: distances[collection.distance ?? 'cosine'],
      ...(collection.onDisk && { on_disk: true }),
    },
    shard_number: collection.shards ?? peers,
    replication_factor: replicationOf(collection, peers),
    write_consistency_factor: collection.writeConsistency ?? 1,
    ...changeable(collection),
  };
}

/** Body of the request that brings a collection that exists up to date. Size, distance and shards cannot change. */
export function updateBody(collection: QdrantCollection, peers: number): object {
  return {
    params: {
      replication_factor: replicationOf(collection, peers),
      write_consistency_factor: collection.writeConsistency ?? 1,
    },
    ...changeable(collection),
  };
}

function replicationOf({ replication }: QdrantCollection, peers: number): number {
  return replication ?? Math.min(2, peers);
}

function changeable({ hnsw = {}, quantization, indexingThreshold }: QdrantCollection): object {
  return {
    hnsw_config: {
      m: hnsw.m ?? 16,
      ef_construct: hnsw.efConstruct ?? 100,
      full_scan_threshold: hnsw.fullScanThreshold ?? 10_000,
      on_disk: hnsw.onDisk ?? false,
    },
    optimizers_config: { indexing_threshold: indexingThreshold ?? 10_000 },
    ...(quantization && { quantization_config: quantizationBody(quantization) }),
  };
}

function quantizationBody(quantization: QdrantQuantization): object {
  const always_ram = quantization.inMemory ?? true;
  switch (quantization.kind) {
    case 'scalar':
      return { scalar: { type: 'int8', quantile: quantization.quantile ?? 0.99, always_ram } };
    case 'product':
      return { product: { compression: quantization.compression, always_ram } };
    case 'binary':
      return { binary: { always_ram } };
  }
}

/** What a collection gets wrong. */
export function checkCollection(collection: QdrantCollection, peers: number): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (field: string, value: unknown, cure: string) =>
    problems.push({ path: `collections.${collection.name}.${field}`, value, cure });
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(collection.name)) {
    add('name', collection.name, 'use at most 63 letters, digits, hyphens and underscores');
  }
  if (!Number.isInteger(collection.dimension) || collection.dimension < 1 || collection.dimension > 65_536) {
    add('dimension', collection.dimension, 'use the length of the model’s vectors, 1 to 65536');
  }
  const replication = replicationOf(collection, peers);
  if (replication > peers) {
    add('replication', replication, `there are ${peers} peers to hold copies: lower it to that, or add peers`);
  }
  if ((collection.writeConsistency ?? 1) > replication) {
    add('writeConsistency', collection.writeConsistency, `there are ${replication} copies: lower it to that`);
  }
  const m = collection.hnsw?.m ?? 16;
  if (m < 4 || m > 128) add('hnsw.m', m, 'use 4 to 128: fewer edges miss neighbours, more take memory for nothing');
  const ef = collection.hnsw?.efConstruct ?? 100;
  if (ef < m) add('hnsw.efConstruct', ef, `raise it to m, ${m}, at least: that many neighbours have to be found`);
  if (collection.quantization?.kind === 'binary' && collection.dimension < 1024) {
    add('quantization', 'binary', `vectors of ${collection.dimension} keep too little in a bit each: use scalar`);
  }
  return problems;
}

/** Files of the job that makes the collections: a list, and a folder of request bodies. */
export function collectionFiles(collections: readonly QdrantCollection[], peers: number): Record<string, string> {
  const files: Record<string, string> = { 'collections.sh': script };
  files['collections.txt'] = collections.map(({ name, dimension }) => `${name} ${dimension}\n`).join('');
  for (const collection of collections) {
    files[`${collection.name}.create.json`] = JSON.stringify(createBody(collection, peers));
    files[`${collection.name}.update.json`] = JSON.stringify(updateBody(collection, peers));
    files[`${collection.name}.fields.txt`] = Object.entries(collection.payloadIndexes ?? {})
      .map(([field, type]) => `${JSON.stringify({ field_name: field, field_schema: type })}\n`)
      .join('');
  }
  return files;
}

/** Makes what is missing, brings up to date what exists, and refuses a collection whose vectors have another length. */
const script = `set -eu
here=/etc/collections
call() { # method path body-file
  curl --silent --show-error --fail-with-body --retry 10 --retry-all-errors --retry-delay 3 --max-time 60 \\
    --request "$1" --header "api-key: $QDRANT_API_KEY" --header 'content-type: application/json' \\
    \${3:+--data-binary "@$3"} "$QDRANT_URL$2"
}
while read -r name size; do
  if call GET "/collections/$name/exists" '' | tr -d ' ' | grep -q '"exists":true'; then
    if ! call GET "/collections/$name" '' | tr -d ' ' | grep -q "\\"size\\":$size[,}]"; then
      echo "collection $name holds vectors of another length than $size: make a new collection and fill that" >&2
      exit 1
    fi
    call PATCH "/collections/$name?timeout=60" "$here/$name.update.json"
    echo " updated $name"
  else
    call PUT "/collections/$name?timeout=60" "$here/$name.create.json"
    echo " made $name"
  fi
  while read -r field; do
    printf '%s' "$field" > /tmp/field.json
    call PUT "/collections/$name/index?wait=true" /tmp/field.json
  done < "$here/$name.fields.txt"
done < "$here/collections.txt"
`;
