import type { Distance, VectorCollection } from './models.ts';
import type { Problem } from './problem.ts';

/** How a collection is searched. Names and ranges are those of Milvus (milvus.io, in-memory index, 2.5 and later, 2026-11). */
export type MilvusIndex =
  /** Vectors in clusters, of which the nearest are searched: a balance of speed, memory and recall. */
  | {
      readonly kind: 'IVF_FLAT';
      /** Clusters. @default 1024 */
      readonly nlist?: number;
      /** Clusters that a search looks into. @default 16 */
      readonly nprobe?: number;
    }
  /** The same with a byte for each number: a quarter of the memory. */
  | {
      readonly kind: 'IVF_SQ8';
      /** Clusters. @default 1024 */
      readonly nlist?: number;
      /** Clusters that a search looks into. @default 16 */
      readonly nprobe?: number;
    }
  /** A graph that searches walk along: the fastest, and takes most memory. */
  | {
      readonly kind: 'HNSW';
      /** Edges of each point. @default 16 */
      readonly m?: number;
      /** Neighbours that are looked at while building. @default 200 */
      readonly efConstruction?: number;
      /** Neighbours that are looked at while searching. @default 64 */
      readonly ef?: number;
    };

/** A field beside the id and the vector. */
export type MilvusField =
  | { readonly type: 'text' /** In bytes. */; readonly maxLength: number }
  | { readonly type: 'integer' }
  | { readonly type: 'number' }
  | { readonly type: 'boolean' }
  | { readonly type: 'json' };

/** A collection and how it is built. */
export interface MilvusCollection extends VectorCollection {
  /** @default - whoever fills the collection makes it, with the index that it wants */
  readonly index?: MilvusIndex;
  /** Channels that writes are spread over. It cannot be changed later. @default 1 */
  readonly shards?: number;
  /** Copies in the memory of query nodes. @default 1 */
  readonly replicas?: number;
  /** Longest id, in bytes. @default 128 */
  readonly idLength?: number;
  /** @default - none; what is not declared is kept in a dynamic field */
  readonly fields?: Readonly<Record<string, MilvusField>>;
}

const metrics: Readonly<Record<Distance, string>> = { cosine: 'COSINE', dot: 'IP', euclidean: 'L2' };

/** Body of the request that makes a collection with its index, and loads it. */
export function createCollectionBody(collection: MilvusCollection, index: MilvusIndex): object {
  return {
    collectionName: collection.name,
    schema: {
      autoId: false,
      enableDynamicField: true,
      fields: [
        {
          fieldName: 'id',
          dataType: 'VarChar',
          isPrimary: true,
          elementTypeParams: { max_length: String(collection.idLength ?? 128) },
        },
        ...Object.entries(collection.fields ?? {}).map(([name, field]) => fieldBody(name, field)),
        { fieldName: 'vector', dataType: 'FloatVector', elementTypeParams: { dim: String(collection.dimension) } },
      ],
    },
    indexParams: [
      {
        fieldName: 'vector',
        indexName: 'vector',
        metricType: metrics[collection.distance ?? 'cosine'],
        indexType: index.kind,
        params: { index_type: index.kind, ...buildParameters(index) },
      },
    ],
    params: { shardsNum: collection.shards ?? 1, consistencyLevel: 'Bounded' },
  };
}

function fieldBody(fieldName: string, field: MilvusField): object {
  switch (field.type) {
    case 'text':
      return { fieldName, dataType: 'VarChar', elementTypeParams: { max_length: String(field.maxLength) } };
    case 'integer':
      return { fieldName, dataType: 'Int64' };
    case 'number':
      return { fieldName, dataType: 'Double' };
    case 'boolean':
      return { fieldName, dataType: 'Bool' };
    case 'json':
      return { fieldName, dataType: 'JSON' };
  }
}

function buildParameters(index: MilvusIndex): Readonly<Record<string, string>> {
  switch (index.kind) {
    case 'IVF_FLAT':
    case 'IVF_SQ8':
      return { nlist: String(index.nlist ?? 1024) };
    case 'HNSW':
      return { M: String(index.m ?? 16), efConstruction: String(index.efConstruction ?? 200) };
  }
}

/** What a search hands over beside the vector. */
export function searchParameters(index: MilvusIndex): Readonly<Record<string, number>> {
  return index.kind === 'HNSW' ? { ef: index.ef ?? 64 } : { nprobe: index.nprobe ?? 16 };
}

/** What a collection gets wrong. */
export function checkMilvusCollection(collection: MilvusCollection): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (field: string, value: unknown, cure: string) =>
    problems.push({ path: `collections.${collection.name}.${field}`, value, cure });
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(collection.name)) {
    add('name', collection.name, 'use letters, digits and underscores, beginning with a letter');
  }
  if (!Number.isInteger(collection.dimension) || collection.dimension < 2 || collection.dimension > 32_768) {
    add('dimension', collection.dimension, 'use the length of the model’s vectors, 2 to 32768');
  }
  const within = (field: string, value: number, least: number, most: number) => {
    if (!Number.isInteger(value) || value < least || value > most) add(field, value, `use ${least} to ${most}`);
  };
  within('shards', collection.shards ?? 1, 1, 16);
  const { index } = collection;
  if (index === undefined) return problems;
  if (index.kind === 'HNSW') {
    within('index.m', index.m ?? 16, 2, 2048);
    within('index.efConstruction', index.efConstruction ?? 200, 1, 32_768);
    within('index.ef', index.ef ?? 64, 1, 32_768);
    return problems;
  }
  const nlist = index.nlist ?? 1024;
  within('index.nlist', nlist, 1, 65_536);
  if ((index.nprobe ?? 16) > nlist) add('index.nprobe', index.nprobe, `there are ${nlist} clusters: lower it to that`);
  within('index.nprobe', index.nprobe ?? 16, 1, 65_536);
  return problems;
}

/** Files of the job that makes the collections. */
export function milvusCollectionFiles(collections: readonly MilvusCollection[]): Record<string, string> {
  const made = collections.flatMap(({ index, ...rest }) => (index === undefined ? [] : [{ ...rest, index }]));
  const files: Record<string, string> = { 'collections.sh': script };
  files['collections.txt'] = made.map(({ name, dimension }) => `${name} ${dimension}\n`).join('');
  for (const collection of made) {
    files[`${collection.name}.create.json`] = JSON.stringify(createCollectionBody(collection, collection.index));
    files[`${collection.name}.load.json`] = JSON.stringify({
      collectionName: collection.name,
      replicaNumber: collection.replicas ?? 1,
    });
  }
  return files;
}

/** Makes what is missing, and refuses a collection whose vectors have another length. Milvus answers 200 to everything, and tells in `code`. */
const script = `set -eu
here=/etc/collections
call() { # path body
  answer=$(curl --silent --show-error --fail-with-body --retry 10 --retry-all-errors --retry-delay 3 --max-time 60 \\
    --header 'content-type: application/json' --data-binary "$2" "$MILVUS_URL/v2/vectordb/collections/$1")
  case "$(printf '%s' "$answer" | tr -d ' ')" in
    *'"code":0'[,}]*) ;;
    *) echo "$1: $answer" >&2; return 1 ;;
  esac
}
while read -r name size; do
  call has "{\\"collectionName\\":\\"$name\\"}"
  if printf '%s' "$answer" | tr -d ' ' | grep -q '"has":true'; then
    call describe "{\\"collectionName\\":\\"$name\\"}"
    if ! printf '%s' "$answer" | tr -d ' ' | grep -q "\\"key\\":\\"dim\\",\\"value\\":\\"$size\\""; then
      echo "collection $name holds vectors of another length than $size: make a new collection and fill that" >&2
      exit 1
    fi
    echo "$name exists"
  else
    call create "@$here/$name.create.json"
    echo "made $name"
  fi
  call load "@$here/$name.load.json"
done < "$here/collections.txt"
`;
