import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KindCluster } from '../../../local/start/kind.ts';
import { FakePrograms, smallImage } from './support.ts';

const searchPath = process.env.PATH;
let fake: FakePrograms;
let cluster: KindCluster;

beforeEach(() => {
  fake = new FakePrograms();
  fake.add('docker', '[ ! -e "$FAKE/engine-down" ] || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }');
  fake.add(
    'kind',
    `case "$1 $2" in
  "get clusters") [ ! -e "$FAKE/clusters" ] || cat "$FAKE/clusters" ;;
  "create cluster") [ ! -e "$FAKE/broken" ] || { echo "ERROR: node did not start" >&2; exit 1; }; echo demo > "$FAKE/clusters" ;;
  "delete cluster") rm "$FAKE/clusters" ;;
  "load image-archive") tar --list --file "$3" > "$FAKE/loaded" ;;
esac`,
  );
  process.env.PATH = `${fake.bin}:${searchPath}`;
  cluster = new KindCluster('demo', path.join(fake.folder, 'kind'));
});
afterEach(() => {
  process.env.PATH = searchPath;
  fake.remove();
});

const kindCalls = (): readonly string[] => fake.calls().filter((call) => call.startsWith('kind '));

describe('a kind cluster', () => {
  it('is made when there is none of its name, and only then', async () => {
    expect(await cluster.ensure()).toBe(true);
    const own = `--name demo --kubeconfig ${cluster.kubeconfig}`;
    expect(kindCalls()).toEqual(['kind get clusters', `kind create cluster ${own} --wait 3m`]);
    expect(await cluster.ensure()).toBe(false);
    expect(kindCalls()).toEqual(['kind get clusters', `kind export kubeconfig ${own}`]);
  });

  it('gets images as a file, which is gone afterwards', async () => {
    await cluster.ensure();
    kindCalls();
    await cluster.load([await smallImage(fake.folder)]);
    const archive = path.join(path.dirname(cluster.kubeconfig), 'images.tar');
    expect(kindCalls()).toEqual([`kind load image-archive ${archive} --name demo`]);
    expect(readFileSync(path.join(fake.folder, 'loaded'), 'utf8')).toContain('index.json');
    expect(existsSync(archive)).toBe(false);
  });

  it('is deleted when it is the one that was made here', async () => {
    await cluster.ensure();
    cluster.claim('a1');
    expect(await cluster.delete('a1')).toBe(true);
    expect(kindCalls().at(-1)).toBe(`kind delete cluster --name demo --kubeconfig ${cluster.kubeconfig}`);
  });

  it('stays when the person made it, or made another one of the same name', async () => {
    writeFileSync(path.join(fake.folder, 'clusters'), 'demo\n');
    await cluster.ensure();
    expect(await cluster.delete('a1')).toBe(false);
    cluster.claim('a1');
    expect(await cluster.delete('b2')).toBe(false);
    expect(kindCalls().join('\n')).not.toContain('delete cluster');
  });

  it('that somebody else deleted needs no deletion', async () => {
    await cluster.ensure();
    cluster.claim('a1');
    writeFileSync(path.join(fake.folder, 'clusters'), '');
    expect(await cluster.delete('a1')).toBe(true);
    expect(kindCalls().join('\n')).not.toContain('delete cluster');
  });

  it.each<[string, string, string]>([
    [
      'docker does not answer',
      'engine-down',
      'docker: its engine does not answer (Cannot connect to the Docker daemon). Start it',
    ],
    ['kind fails', 'broken', 'kind create cluster: it ended with 1: ERROR: node did not start. See docker ps'],
  ])('is told of in one line when %s', async (_, mark, message) => {
    writeFileSync(path.join(fake.folder, mark), '');
    await expect(cluster.ensure()).rejects.toThrow(message);
  });

  it.each(['docker', 'kind'])('needs %s on PATH', async (name) => {
    const others = new FakePrograms();
    if (name === 'docker') others.add('kind', '');
    process.env.PATH = others.bin;
    await expect(cluster.ensure()).rejects.toThrow(`${name}: not found on PATH. Install ${name}, or use the embedded`);
    others.remove();
  });
});
