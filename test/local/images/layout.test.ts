import { chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { type Descriptor, Layout, mergeConfig } from '../../../local/images/layout.ts';
import type { BuiltImage } from '../../../local/images/recipe.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keelson-layout-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function tree(name: string, files: readonly string[], content = 'same'): Promise<string> {
  const root = join(folder, name);
  await mkdir(join(root, 'etc'), { recursive: true });
  for (const file of files) {
    await writeFile(join(root, 'etc', file), content);
    await utimes(join(root, 'etc', file), Math.random() * 1e9, Math.random() * 1e9);
  }
  await symlink('etc/a', join(root, 'link'));
  await chmod(join(root, 'etc'), 0o755);
  return root;
}

function built(manifest: Descriptor, layers: readonly Descriptor[], tags: readonly string[]): BuiltImage {
  return {
    reference: tags[0] ?? '',
    tags,
    digest: manifest.digest,
    archive: '',
    inputs: '',
    size: 0,
    layers: layers.map(({ digest }) => digest),
    packages: [],
  };
}

describe('Layout', () => {
  it('gives the same layer for the same content, whatever the times and the order of writing', async () => {
    const layout = new Layout(join(folder, 'layout-1'));
    const first = await layout.addTree(await tree('one', ['a', 'b', 'c']));
    const second = await layout.addTree(await tree('two', ['c', 'b', 'a']));
    const other = await layout.addTree(await tree('three', ['a', 'b', 'c'], 'different'));
    expect(second.digest).toBe(first.digest);
    expect(other.digest).not.toBe(first.digest);
    const { stdout } = await execa('tar', ['--list', '--file', layout.blob(first.digest)]);
    expect(stdout.split('\n')).toEqual(['./', './etc/', './etc/a', './etc/b', './etc/c', './link']);
  });

  it('packs all of a big tree, also when it is read late', async () => {
    const layout = new Layout(join(folder, 'layout-2'));
    const root = await tree('big', ['a']);
    await writeFile(join(root, 'big'), Buffer.alloc(5_000_000, 1));
    const layer = await layout.addTree(root);
    const { stdout } = await execa('tar', ['--list', '--verbose', '--file', layout.blob(layer.digest), './big']);
    expect(stdout).toContain(' 5000000 ');
  });

  it('streams images with a shared layer once, each under all its names', async () => {
    const layout = new Layout(join(folder, 'layout-3'));
    const below = await layout.addTree(await tree('below', ['a']));
    const above = await layout.addTree(await tree('above', ['b']));
    const base = built(await layout.addImage([below], [], {}), [below], ['keelson.local/base:1']);
    const config = await layout.configOf(base.digest);
    const top = built(
      await layout.addImage([below, above], [config], {}),
      [below, above],
      ['keelson.local/top:1', 'keelson.local/alias:2'],
    );
    await layout.writeIndex([base, top]);
    const output = await layout.stream([base, top], join(folder, 'scratch-3'));
    const listing = await execa('tar', ['--list'], { input: output.stdout });
    await output.ended;
    const names = listing.stdout.split('\n').sort();
    expect(names).toHaveLength(new Set(names).size);
    expect(names).toContain(`blobs/${below.digest.replace(':', '/')}`);
    expect(names).toEqual(expect.arrayContaining(['index.json', 'oci-layout']));
    const { stdout } = await execa('cat', [join(folder, 'scratch-3/index.json')]);
    expect(stdout).toContain('"io.containerd.image.name":"keelson.local/alias:2"');
  });

  it('collects what no image needs, and misses what was taken away', async () => {
    const layout = new Layout(join(folder, 'layout-4'));
    const kept = await layout.addTree(await tree('kept', ['a']));
    const lost = await layout.addTree(await tree('lost', ['b']));
    const image = built(await layout.addImage([kept], [], {}), [kept], ['keelson.local/kept:1']);
    await layout.collect([image]);
    expect(await layout.holds(image)).toBe(true);
    const blobs = await readdir(join(layout.folder, 'blobs/sha256'));
    expect(blobs).toHaveLength(3);
    expect(blobs).not.toContain(lost.digest.slice('sha256:'.length));
    await rm(layout.blob(kept.digest));
    expect(await layout.holds(image)).toBe(false);
  });
});

describe('mergeConfig', () => {
  it('merges the environment by name and replaces the rest', () => {
    const parents = [
      { Env: ['PATH=/bin', 'LANG=C'], Cmd: ['sh'], WorkingDir: '/data' },
      { Env: ['LANG=C.UTF-8'], Cmd: ['node'] },
    ];
    expect(mergeConfig(parents, { env: { PATH: '/opt:/bin' }, entrypoint: ['start'] })).toEqual({
      Entrypoint: ['start'],
      Cmd: ['node'],
      Env: ['PATH=/opt:/bin', 'LANG=C.UTF-8'],
      User: '10001:10001',
      WorkingDir: '/',
    });
  });
});
