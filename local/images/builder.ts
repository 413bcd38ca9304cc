import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodes, Failure } from '../failure.ts';
import type { Debian } from './debian.ts';
import { buildDockerfile } from './dockerfile.ts';
import type { Fingerprints } from './inputs.ts';
import type { Descriptor, Layout } from './layout.ts';
import type { BuiltImage, DebianPackage, ImageTools, OnImageProgress, Python, Recipe, TreeRecipe } from './recipe.ts';
import { extract, trim } from './tree.ts';

/** Registry part of the names of all local images: it does not exist, so nothing is ever pulled. */
export const registry = 'keelson.local';

// What every image depends on: how trees are made and packed.
const machinery = [
  'debian.ts',
  'layout.ts',
  'python.ts',
  'run.ts',
  'stream.ts',
  'tree.ts',
  'builder.ts',
  'dockerfile.ts',
].map((name) => join(import.meta.dirname, name));

/** Where images are built. */
export interface Workshop {
  readonly layout: Layout;
  readonly debian: Debian;
  readonly fingerprints: Fingerprints;
  readonly tools: ImageTools;
  readonly python: () => Promise<Python>;
  /** Folder for intermediate files. */
  readonly scratch: string;
  readonly progress: OnImageProgress;
}

/** Hash of all that decides what an image contains, except for the versions that the Debian mirror has. */
export async function inputsOf(recipe: Recipe, parents: readonly BuiltImage[], workshop: Workshop): Promise<string> {
  const hash = createHash('sha256');
  const { name, version, from, aliases } = recipe;
  hash.update(JSON.stringify({ name, version, from, aliases }));
  for (const parent of parents) hash.update(parent.digest);
  const file = recipe.kind === 'dockerfile' ? 'services' : name;
  const files = [
    ...machinery,
    join(import.meta.dirname, 'recipes', `${file}.ts`),
    ...(recipe.inputs?.(workshop.tools) ?? []),
  ];
  if (recipe.kind === 'dockerfile') files.push(recipe.dockerfile);
  hash.update(await workshop.fingerprints.of(files));
  return hash.digest('hex');
}

/** Builds an image. What is already in the layers of the parents is left out of its own. */
export async function build(
  recipe: Recipe,
  parents: readonly BuiltImage[],
  inputs: string,
  workshop: Workshop,
): Promise<BuiltImage> {
  const scratch = join(workshop.scratch, recipe.name);
  await rm(scratch, { recursive: true, force: true });
  await mkdir(join(scratch, 'root'), { recursive: true });
  await mkdir(join(scratch, 'files'), { recursive: true });
  const known = new Map(parents.flatMap((parent) => parent.packages).map((one) => [one.name, one]));
  let manifest: Descriptor;
  let layers: readonly Descriptor[];
  if (recipe.kind === 'tree') {
    for (const added of await fillTree(recipe, known, scratch, workshop)) known.set(added.name, added);
    layers = [...(await layersOf(parents, workshop.layout)), await workshop.layout.addTree(join(scratch, 'root'))];
    const configs = await Promise.all(parents.map((parent) => workshop.layout.configOf(parent.digest)));
    manifest = await workshop.layout.addImage(layers, configs, recipe.defaults ?? {});
  } else {
    const [base] = parents;
    if (base === undefined) {
      throw new Failure({
        path: `local/images/recipes/${recipe.name}.ts`,
        value: 'no base image',
        cure: 'Name one in "from"',
        exitCode: exitCodes.usage,
      });
    }
    workshop.progress({ name: recipe.name, step: 'building' });
    ({ manifest, layers } = await buildDockerfile(recipe, base, workshop.layout, workshop.scratch, scratch));
  }
  await rm(scratch, { recursive: true, force: true });
  const packages = [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const reference = `${registry}/${recipe.name}:${tagVersion(recipe, packages)}-${manifest.digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
  return {
    reference,
    tags: [reference, ...(recipe.aliases ?? [])],
    digest: manifest.digest,
    archive: workshop.layout.folder,
    inputs,
    size: layers.reduce((sum, { size }) => sum + size, 0),
    layers: layers.map(({ digest }) => digest),
    packages,
  };
}

/** The version for a tag: that of the software, without what Debian adds. */
export function tagVersion(recipe: Pick<Recipe, 'name' | 'version'>, packages: readonly DebianPackage[]): string {
  if (typeof recipe.version === 'string') return recipe.version;
  const { debian } = recipe.version;
  const version = packages.find(({ name }) => name === debian)?.version;
  if (version === undefined) {
    throw new Failure({
      path: `local/images/recipes/${recipe.name}.ts: version`,
      value: `the package "${debian}" is not in the image`,
      cure: 'Add it to "packages", or name another one',
      exitCode: exitCodes.usage,
    });
  }
  return version.replace(/^\d+:/, '').replace(/[-+~].*$/, '');
}

async function fillTree(
  recipe: TreeRecipe,
  known: ReadonlyMap<string, DebianPackage>,
  scratch: string,
  workshop: Workshop,
): Promise<DebianPackage[]> {
  const root = join(scratch, 'root');
  const added: DebianPackage[] = [];
  if (recipe.packages !== undefined) {
    const all = await workshop.debian.resolve(recipe.packages, recipe.without);
    const candidates = all.filter(({ name }) => !known.has(name));
    const bytes = candidates.reduce((sum, { size }) => sum + size, 0);
    workshop.progress({
      name: recipe.name,
      step: 'packages',
      detail: `${candidates.length} Debian packages, ${Math.ceil(bytes / 1e6)} MB`,
    });
    await extract(root, await workshop.debian.fetch(candidates), join(scratch, 'files'));
    for (const { name, version } of candidates) added.push({ name, version });
  }
  workshop.progress({ name: recipe.name, step: 'building' });
  await recipe.build?.({ root, scratch: join(scratch, 'files'), tools: workshop.tools, python: workshop.python });
  // The lowest layer has the links of the merged /usr; above it they would only be in the way.
  if ((recipe.from ?? []).length > 0) await trim(root);
  return added;
}

async function layersOf(parents: readonly BuiltImage[], layout: Layout): Promise<Descriptor[]> {
  const layers = new Map<string, Descriptor>();
  for (const parent of parents) {
    for (const layer of await layout.layersOf(parent.digest)) layers.set(layer.digest, layer);
  }
  return [...layers.values()];
}
