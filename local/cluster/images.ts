import path from 'node:path';
import { type BuiltImage, streamImages } from '../images/index.ts';
import type { ClusterLayout } from './layout.ts';
import type { Node } from './node.ts';

const ctr = ['ctr', '--namespace', 'k8s.io', 'images'] as const;

/**
 * Imports what the node does not have yet, all of it in one archive. A reference holds its content's hash, so one that is there
 * is the right one.
 *
 * @returns the references that were imported
 */
export async function importImages(
  node: Node,
  layout: ClusterLayout,
  images: readonly BuiltImage[],
): Promise<readonly string[]> {
  const present = new Set(String((await node.run([...ctr, 'list', '--quiet'])).stdout).split('\n'));
  const missing = images.filter(
    ({ tags, reference }) => !present.has(reference) || tags.some((tag) => !present.has(tag)),
  );
  if (missing.length === 0) return [];
  const archive = await streamImages(missing, path.join(layout.folder, 'import'));
  const result = await node.run([...ctr, 'import', '-'], { input: archive.stdout });
  await archive.ended;
  if (result.exitCode !== 0) {
    throw new Error(`${missing.map(({ reference }) => reference).join(', ')}: could not be imported: ${result.stderr}`);
  }
  return missing.map(({ reference }) => reference);
}

/**
 * Removes images of earlier builds, which nothing refers to any more: the kubelet is told never to collect images, since it could
 * not pull them again.
 *
 * @param kept - all that the cluster and the platform run from
 */
export async function pruneImages(node: Node, kept: readonly BuiltImage[]): Promise<void> {
  const digests = new Set(kept.map(({ digest }) => digest));
  // containerd keeps an image for as long as any name of it is left, the ones that Kubernetes gives by its identifier included.
  const [, ...rows] = (await node.run([...ctr, 'list'])).stdout.split('\n').map((line) => line.split(/\s+/));
  const old = rows.flatMap(([name = '', , digest = '']) => (name === '' || digests.has(digest) ? [] : [name]));
  if (old.length > 0) await node.run([...ctr, 'remove', '--sync', ...old]);
}
