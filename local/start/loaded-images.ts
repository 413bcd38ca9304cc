import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Kubectl, kubectl } from '../cluster/kubectl.ts';

/** What was loaded into a cluster of the person's own, and into which nodes. */
interface Loaded {
  readonly nodes: readonly string[];
  readonly references: readonly string[];
}

/** The part of a node that tells which images it has. */
interface NodeFacts {
  readonly metadata: { readonly uid: string };
  readonly status: { readonly images?: readonly { readonly names?: readonly string[] }[] };
}

// Default of the kubelet's nodeStatusMaxImages; a list of this length may leave images out.
// https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/, 2026-11-21
const longestList = 50;

const recordOf = (folder: string): string => path.join(folder, 'loaded-images.json');

function read(folder: string): Loaded {
  try {
    // Written by record() alone.
    return JSON.parse(readFileSync(recordOf(folder), 'utf8')) as Loaded;
  } catch {
    return { nodes: [], references: [] };
  }
}

/**
 * The references of which it is known that the cluster still has them: they were loaded, no node has come since, and the nodes list
 * them where their lists are complete.
 */
export function present(loaded: Loaded, nodes: readonly NodeFacts[]): ReadonlySet<string> {
  if (nodes.some(({ metadata }) => !loaded.nodes.includes(metadata.uid))) return new Set();
  const lists = nodes.map(({ status }) => status.images ?? []);
  if (lists.some(({ length }) => length >= longestList)) return new Set(loaded.references);
  const listed = new Set(lists.flatMap((images) => images.flatMap(({ names }) => names ?? [])));
  return new Set(loaded.references.filter((reference) => listed.has(reference)));
}

/**
 * Loads the images that the cluster is not known to have.
 *
 * @param folder - where it is recorded what was loaded
 */
export async function loadMissing<Image extends { readonly reference: string }>(
  at: Kubectl,
  folder: string,
  images: readonly Image[],
  load: (missing: readonly Image[]) => Promise<void>,
): Promise<void> {
  // What the API server sends for a list of nodes.
  const { items } = JSON.parse(await kubectl(at, ['get', 'nodes', '-o', 'json', '--request-timeout=20s'])) as {
    items: readonly NodeFacts[];
  };
  const there = present(read(folder), items);
  const missing = images.filter(({ reference }) => !there.has(reference));
  if (missing.length === 0) return;
  await load(missing);
  const references = [...new Set([...there, ...missing.map(({ reference }) => reference)])];
  const record: Loaded = { nodes: items.map(({ metadata }) => metadata.uid), references };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(recordOf(folder), JSON.stringify(record));
}
