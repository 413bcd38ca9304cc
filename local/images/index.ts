import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodes, Failure } from '../failure.ts';
import { resolvePaths } from '../paths.ts';
import { build, inputsOf, type Workshop } from './builder.ts';
import { Debian } from './debian.ts';
import { Fingerprints } from './inputs.ts';
import { Layout, replace } from './layout.ts';
import { limiter, locked } from './lock.ts';
import { makeNodeRootfs, type NodeRootfs } from './node-rootfs.ts';
import { hostPython } from './python.ts';
import type { BuiltImage, ImageSet, ImageTools, OnImageProgress, Python, Recipe } from './recipe.ts';
import { recipes } from './recipes.ts';

export type { NodeRootfs } from './node-rootfs.ts';
export type { BuiltImage, ImageProgress, ImageSet, ImageTools, OnImageProgress } from './recipe.ts';

/** Settings that both builds take. */
export interface ImageOptions {
  /** Receives a line per image and step. */
  readonly progress: OnImageProgress;
  /** Keelson's cache. @default - `$KEELSON_CACHE`, else `keelson` in the user's cache folder */
  readonly cache?: string;
}

/** Settings of {@link buildImages}. */
export interface BuildImagesOptions extends ImageOptions {
  /** Names of recipes; those below them are built too. @default - all recipes */
  readonly names?: readonly string[];
  /** Programs of the toolchain. An image whose program is missing fails; the others do not need it. */
  readonly tools: Partial<ImageTools>;
  /** How many images are put together at a time. @default 2 */
  readonly jobs?: number;
}

/**
 * The root file system of the node, as a folder. Found again at once while its recipe stays the same.
 *
 * @throws Failure without root, or without a source of Debian packages
 */
export async function buildNodeRootfs(options: ImageOptions): Promise<NodeRootfs> {
  const folder = await prepare(options, 'node');
  return locked(folder, async () => {
    const fingerprints = await Fingerprints.load(join(folder, 'fingerprints.json'));
    const debian = new Debian(join(folder, '../debian'));
    const made = await makeNodeRootfs(folder, debian, fingerprints, options.progress);
    await fingerprints.save();
    return made;
  });
}

/**
 * Builds the images that are missing or whose inputs have changed, and records all of them in `images.json`. Each image is
 * recorded as soon as it is done: an interrupted build goes on where it was.
 *
 * @throws Failure without root, for an unknown name, or when an input is missing
 */
export async function buildImages(options: BuildImagesOptions): Promise<ImageSet> {
  const folder = await prepare(options, 'images');
  const wanted = closure(options.names ?? recipes.map(({ name }) => name));
  return locked(folder, async () => {
    const scratch = join(folder, 'work');
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true });
    const record = join(folder, 'images.json');
    const layout = new Layout(join(folder, 'layout'));
    const debian = new Debian(join(folder, '../debian'));
    let python: Promise<Python> | undefined;
    const workshop: Workshop = {
      layout,
      debian,
      fingerprints: await Fingerprints.load(join(folder, 'fingerprints.json')),
      tools: tools(options.tools),
      python: async () => {
        python ??= mkdir(join(scratch, 'python/files'), { recursive: true }).then(() =>
          hostPython(debian, join(scratch, 'python'), join(scratch, 'python/files')),
        );
        return python;
      },
      scratch,
      progress: options.progress,
    };
    const images: Record<string, BuiltImage> = { ...(await readImages(record)).images };
    for (const name of Object.keys(images)) if (!recipes.some((recipe) => recipe.name === name)) delete images[name];

    const limit = limiter(options.jobs ?? 2);
    const pending = new Map<string, Promise<BuiltImage>>();
    const make = async (recipe: Recipe): Promise<BuiltImage> => {
      const parents = await Promise.all((recipe.from ?? []).flatMap((name) => pending.get(name) ?? []));
      return limit(async () => {
        const started = Date.now();
        const inputs = await inputsOf(recipe, parents, workshop);
        const last = images[recipe.name];
        if (last?.inputs === inputs && (await layout.holds(last))) {
          options.progress({ name: recipe.name, step: 'kept' });
          return last;
        }
        const built = await build(recipe, parents, inputs, workshop);
        images[recipe.name] = built;
        await replace(record, JSON.stringify({ images: inOrder(images) }, null, 2));
        await layout.writeIndex(Object.values(inOrder(images)));
        options.progress({
          name: recipe.name,
          step: 'built',
          detail: built.reference,
          milliseconds: Date.now() - started,
        });
        return built;
      });
    };
    for (const recipe of wanted) pending.set(recipe.name, make(recipe));
    const results = await Promise.allSettled(pending.values());
    await workshop.fingerprints.save();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await layout.collect(Object.values(images));
    await rm(scratch, { recursive: true, force: true });
    return { images: Object.fromEntries(Object.entries(inOrder(images)).filter(([name]) => pending.has(name))) };
  });
}

/**
 * Streams images as one archive in which shared layers lie once: `ctr -n k8s.io images import -` reads it from its standard input.
 *
 * @param images what the archive is to hold
 * @param scratch folder for the archive's table of contents
 */
export async function streamImages(images: readonly BuiltImage[], scratch: string) {
  const [first] = images;
  if (first === undefined) {
    throw new Failure({
      path: 'streamImages: images',
      value: 'no image',
      cure: 'Name at least one',
      exitCode: exitCodes.usage,
    });
  }
  return new Layout(first.archive).stream(images, scratch);
}

/** The same record whatever image was done first. */
function inOrder(images: Readonly<Record<string, BuiltImage>>): Record<string, BuiltImage> {
  return Object.fromEntries(recipes.flatMap(({ name }) => (images[name] === undefined ? [] : [[name, images[name]]])));
}

/** The images of the last builds, by name; some of them may have older inputs than they should. */
export async function knownImages(cache: string): Promise<Readonly<Record<string, BuiltImage>>> {
  return (await readImages(join(cache, 'images', 'images.json'))).images;
}

/** What `images.json` records; nothing when it is missing or not ours. */
async function readImages(file: string): Promise<ImageSet> {
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    return text === '' ? { images: {} } : (JSON.parse(text) as ImageSet); // written by buildImages alone
  } catch {
    return { images: {} };
  }
}

async function prepare(options: ImageOptions, name: string): Promise<string> {
  if (process.getuid?.() !== 0) {
    throw new Failure({
      path: 'local/images',
      value: 'the owners of files in images can only be set by root',
      cure: 'Run the command as root',
      exitCode: exitCodes.environment,
    });
  }
  const base = options.cache ?? resolvePaths().cache;
  const folder = join(base, name);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** The named recipes and all below them, the lower ones first. */
function closure(names: readonly string[]): Recipe[] {
  const found = new Map<string, Recipe>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    const recipe = recipes.find((candidate) => candidate.name === name);
    if (recipe === undefined) {
      const known = recipes.map((candidate) => candidate.name).join(', ');
      throw new Failure({
        path: 'buildImages: names',
        value: `there is no recipe "${name}"`,
        cure: `Use one of ${known}`,
        exitCode: exitCodes.usage,
      });
    }
    for (const parent of recipe.from ?? []) visit(parent);
    found.set(name, recipe);
  };
  for (const name of names) visit(name);
  return [...found.values()];
}

function tools(given: Partial<ImageTools>): ImageTools {
  const need = (name: keyof ImageTools): string => {
    const path = given[name];
    if (path === undefined) {
      throw new Failure({
        path: `buildImages: tools.${name}`,
        value: 'not given',
        cure: 'Build the toolchain first and give the path',
        exitCode: exitCodes.usage,
      });
    }
    return path;
  };
  return {
    get kube() {
      return need('kube');
    },
    get localPathProvisioner() {
      return need('localPathProvisioner');
    },
  };
}
