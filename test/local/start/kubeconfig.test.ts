import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkStorage, contextIn, identifyCluster, serverOf } from '../../../local/start/kubeconfig.ts';
import { FakePrograms } from './support.ts';

let fake: FakePrograms;
let file: string;
beforeEach(() => {
  fake = new FakePrograms();
  file = path.join(fake.folder, 'config');
  writeFileSync(
    file,
    'contexts: [{ name: lab, context: { cluster: c } }]\nclusters: [{ name: c, cluster: { server: "https://lab:6443" } }]\n',
  );
});
afterEach(() => fake.remove());

const at = () => ({ program: path.join(fake.bin, 'kubectl'), kubeconfig: file, context: 'lab' });
const classes = (...items: readonly [name: string, isDefault: string][]) =>
  JSON.stringify({
    items: items.map(([name, isDefault]) => ({
      metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': isDefault } },
    })),
  });

describe('a kubeconfig', () => {
  it('tells where the cluster of a context is', () => expect(serverOf(file, 'lab')).toBe('https://lab:6443'));

  it('needs a choice when it has no current context', () => {
    expect(() => contextIn(file)).toThrow(
      `${file}: it names no current context. Choose one with --context: it has lab`,
    );
    expect(contextIn(file, 'lab')).toBe('lab');
  });

  it.each(['a: [', 'text', 'kind: Pod'])('is not just any file: %s', (text) => {
    writeFileSync(file, text);
    expect(() => contextIn(file)).toThrow(`${file}: this is no kubeconfig. Name one`);
  });
});

describe('a cluster', () => {
  it('is asked through its context', async () => {
    fake.add('kubectl', 'printf a1');
    expect(await identifyCluster(at())).toBe('a1');
    expect(fake.calls()[0]).toMatch(`kubectl --kubeconfig ${file} --context lab get namespace kube-system`);
  });

  it('that does not answer is told of with its address', async () => {
    fake.add('kubectl', 'echo "Unable to connect" >&2; exit 1');
    await expect(identifyCluster(at())).rejects.toThrow(
      /^context "lab" in .*: the cluster at https:\/\/lab:6443 refuses or does not answer \(.*Unable to connect\)\. Start the cluster/,
    );
  });

  it.each<[string, string, RegExp | undefined]>([
    ['a default class', classes(['slow', 'false'], ['fast', 'true']), undefined],
    ['no default class', classes(['slow', 'false']), /none of its storage classes \(slow\) is the default\. Make one/],
    ['no class', classes(), /the cluster has no storage class\. Install one/],
  ])('with %s', async (_, answer, message) => {
    fake.add('kubectl', `cat <<'JSON'\n${answer}\nJSON`);
    if (message === undefined) await expect(checkStorage(at())).resolves.toBeUndefined();
    else await expect(checkStorage(at())).rejects.toThrow(message);
  });
});
