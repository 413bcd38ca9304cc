import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildImages, type ImageProgress } from '../../../local/images/index.ts';
import { recipes } from '../../../local/images/recipes.ts';

// Owners in images can only be set by root.
const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keelson-images-'));
  await writeFile(join(folder, 'program'), 'a program', { mode: 0o755 });
});
afterAll(() => rm(folder, { recursive: true }));

async function builds(cache: string, names: readonly string[]) {
  const steps: ImageProgress[] = [];
  const tools = { kube: join(folder, 'program'), localPathProvisioner: join(folder, 'program') };
  const set = await buildImages({ cache: join(folder, cache), names, tools, progress: (event) => steps.push(event) });
  return { set, steps: steps.map(({ name, step }) => `${name} ${step}`) };
}

asRoot('buildImages', () => {
  it('gives the same digest for the same inputs in two caches, and another one for other inputs', async () => {
    const first = await builds('one', ['kube', 'local-path-provisioner']);
    const second = await builds('two', ['local-path-provisioner', 'kube']);
    expect(second.set.images.kube?.digest).toBe(first.set.images.kube?.digest);
    expect(first.set.images.kube?.reference).toMatch(/^keelson\.local\/kube:1\.35\.4-[0-9a-f]{12}$/);
    expect(first.set.images.kube?.tags).toContain('keelson.local/kube-apiserver:v1.35.4');
    await writeFile(join(folder, 'program'), 'another program', { mode: 0o755 });
    const third = await builds('one', ['kube']);
    expect(third.steps).toEqual(['kube building', 'kube built']);
    expect(third.set.images.kube?.digest).not.toBe(first.set.images.kube?.digest);
  });

  it('keeps what is there, and builds again what lost a layer', async () => {
    const first = await builds('kept', ['kube']);
    expect((await builds('kept', ['kube'])).steps).toEqual(['kube kept']);
    const layer = first.set.images.kube?.layers[0] ?? '';
    await rm(join(folder, 'kept/images/layout/blobs', layer.replace(':', '/')));
    const again = await builds('kept', ['kube']);
    expect(again.steps).toEqual(['kube building', 'kube built']);
    expect(again.set).toEqual(first.set);
  });

  it('lets two runs at once build each image once, and leaves no half-made files', async () => {
    const runs = await Promise.all([builds('both', ['kube']), builds('both', ['kube'])]);
    expect(runs.map(({ steps }) => steps.at(-1)).sort()).toEqual(['kube built', 'kube kept']);
    expect((await readdir(join(folder, 'both/images'))).sort()).toEqual(['fingerprints.json', 'images.json', 'layout']);
    const record: unknown = JSON.parse(await readFile(join(folder, 'both/images/images.json'), 'utf8'));
    expect(record).toEqual(runs[0]?.set);
  });

  it('builds a Debian image twice with the same digest', async () => {
    const first = await builds('debian-1', ['pause']);
    // The second cache shares the packages, not the image: what the mirror has may change in between.
    await mkdir(join(folder, 'debian-2'));
    await symlink(join(folder, 'debian-1/debian'), join(folder, 'debian-2/debian'));
    const second = await builds('debian-2', ['pause']);
    expect(second.steps).toContain('pause built');
    expect(second.set.images.pause?.digest).toBe(first.set.images.pause?.digest);
    expect(first.set.images.pause?.packages.map(({ name }) => name)).toEqual(['catatonit']);
  }, 60_000);

  it('refuses an unknown name and a missing program', async () => {
    await expect(builds('bad', ['redsi'])).rejects.toThrow(
      'buildImages: names: there is no recipe "redsi". Use one of pause, ',
    );
    const none = buildImages({ cache: join(folder, 'bad'), names: ['kube'], tools: {}, progress: () => undefined });
    await expect(none).rejects.toThrow('buildImages: tools.kube: not given. Build the toolchain first');
  });
});

describe('recipes', () => {
  it('name only recipes that come before them, so that all can be built in order', () => {
    const seen = new Set<string>();
    for (const recipe of recipes) {
      expect((recipe.from ?? []).filter((name) => !seen.has(name))).toEqual([]);
      seen.add(recipe.name);
    }
  });

  it('run as the user without rights, but for the control plane and the sandbox', () => {
    const others = recipes.flatMap((recipe) =>
      recipe.kind === 'tree' && ![undefined, '10001:10001'].includes(recipe.defaults?.user) ? [recipe.name] : [],
    );
    expect(others).toEqual(['pause', 'kube']);
  });
});
