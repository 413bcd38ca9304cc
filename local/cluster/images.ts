import type { Node } from './node.ts';

/** An image to be had in the cluster. */
export interface ImportableImage {
  /** The reference that pods name. */
  readonly reference: string;
  /** Further names of the same image. */
  readonly tags?: readonly string[];
  /** Archive that `ctr images import` reads. */
  readonly archive: string;
}

const ctr = ['ctr', '--namespace', 'k8s.io', 'images'] as const;

/** Imports what the node does not have yet. Gives the references that were imported. */
export async function importImages(
  node: Node,
  images: readonly ImportableImage[],
  onImport: (reference: string) => void = () => undefined,
): Promise<readonly string[]> {
  const list = await node.run([...ctr, 'list', '--quiet']);
  const present = new Set(String(list.stdout).split('\n'));
  const imported: string[] = [];
  for (const image of images) {
    const missingTags = (image.tags ?? []).filter((tag) => !present.has(tag));
    if (!present.has(image.reference)) {
      onImport(image.reference);
      const result = await node.run([...ctr, 'import', '-'], { inputFile: image.archive });
      if (result.exitCode !== 0) throw new Error(`${image.archive}: could not be imported: ${result.stderr}`);
      imported.push(image.reference);
    }
    for (const tag of missingTags) {
      const result = await node.run([...ctr, 'tag', '--force', image.reference, tag]);
      if (result.exitCode !== 0) throw new Error(`${image.reference}: could not be named ${tag}: ${result.stderr}`);
    }
  }
  return imported;
}
