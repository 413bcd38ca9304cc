import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { resolvePaths } from '../../../local/paths.ts';
import { type Choice, chosenPaths, pathsFor, readChoice, writeChoice } from '../../../local/start/choice.ts';
import { type ClusterOptions, choose } from '../../../local/start/choose.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'keelson-choose-'));
afterAll(() => rmSync(folder, { recursive: true }));
const paths = resolvePaths({ HOME: folder });
const file = path.join(folder, 'config');
writeFileSync(file, 'current-context: one\ncontexts: [{ name: one }, { name: two }]\n');

const embedded: Choice = { kind: 'embedded' };
const loadImages = 'k3s ctr images import -';
const last: Choice = { kind: 'kubeconfig', kubeconfig: file, context: 'two', loadImages, id: 'a1' };
const from = (options: ClusterOptions, before: Choice = embedded): Choice =>
  choose(options, before, paths, { INIT_CWD: folder });

describe('choose', () => {
  it('takes the embedded cluster where nothing was ever said', () => expect(from({})).toEqual(embedded));

  it('finds a kubeconfig from where the person is, with its current context', () => {
    expect(from({ kubeconfig: 'config', loadImages })).toEqual({
      kind: 'kubeconfig',
      kubeconfig: file,
      context: 'one',
      loadImages,
    });
  });

  it('goes on with what was said last', () => expect(from({}, last)).toEqual(last));

  it('forgets which cluster answered when the context is another one', () => {
    const { id: _, ...others } = last;
    expect(from({ context: 'one' }, last)).toEqual({ ...others, context: 'one' });
  });

  it('pulls images when a registry is named after a command', () => {
    const { loadImages: _, ...others } = last;
    const registry = 'registry.example.com:5000/team/keelson';
    expect(from({ registry }, last)).toEqual({ ...others, registry });
  });

  it('returns to the embedded cluster', () => expect(from({ embedded: true }, last)).toEqual(embedded));

  it('makes a kind cluster with a kubeconfig of its own', () => {
    const kubeconfig = path.join(paths.state, 'kind', 'demo', 'kubeconfig');
    expect(from({ kind: 'demo' }, last)).toEqual({ kind: 'kind', name: 'demo', context: 'kind-demo', kubeconfig });
    expect(from({ kind: true })).toMatchObject({ name: 'keelson' });
  });

  it.each<[string, ClusterOptions, string]>([
    [
      'no way for images',
      { kubeconfig: 'config' },
      '--kubeconfig: nothing says how the images get into the cluster. Add',
    ],
    ['two clusters', { kubeconfig: 'config', kind: true }, '--kubeconfig, --kind: they exclude each other. Use one'],
    [
      'two ways for images',
      { kubeconfig: 'config', loadImages, registry: 'r.example.com' },
      '--load-images, --registry: both are given. Use one',
    ],
    ['an empty command', { kubeconfig: 'config', loadImages: ' ' }, '--load-images: the command is empty. Use one'],
    [
      'a registry with a scheme',
      { kubeconfig: 'config', registry: 'https://r' },
      '--registry https://r: this is no prefix',
    ],
    [
      'an unknown context',
      { kubeconfig: 'config', loadImages, context: 'three' },
      `${file}: it has no context "three". Choose one with --context: it has one, two`,
    ],
    ['a missing file', { kubeconfig: 'none', loadImages }, `${folder}/none: there is no such file. Name a kubeconfig`],
    ['a command for kind', { kind: true, loadImages }, '--kind: it has its own context and loads images itself. Leave'],
    [
      'a name that kind refuses',
      { kind: 'Demo!' },
      '--kind Demo!: this is no name of a cluster. Use lower-case letters',
    ],
    [
      'a context of the embedded cluster',
      { context: 'one' },
      '--context: the embedded cluster has no use for it. Leave',
    ],
  ])('refuses %s', (_, options, message) => expect(() => from(options)).toThrow(message));
});

describe('the remembered choice', () => {
  it('has state of its own, apart from that of the embedded cluster', () => {
    expect(chosenPaths(paths)).toEqual(paths);
    writeChoice(paths, last);
    expect(readChoice(paths)).toEqual(last);
    expect(chosenPaths(paths)).toMatchObject({
      cache: paths.cache,
      state: path.join(paths.state, 'own-clusters', 'a1'),
      kubeconfig: file,
    });
    expect(chosenPaths(paths).pulumiPassphrase).not.toBe(paths.pulumiPassphrase);
    expect(pathsFor(paths, { ...last, id: 'b2' }).pulumiBackend).not.toBe(chosenPaths(paths).pulumiBackend);
  });
});
