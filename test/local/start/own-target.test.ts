import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { resolvePaths } from '../../../local/paths.ts';
import { createProgress } from '../../../local/progress.ts';
import type { OwnChoice } from '../../../local/start/choice.ts';
import { OwnTarget, type Provider } from '../../../local/start/own-target.ts';
import { FakePrograms } from './support.ts';

const searchPath = process.env.PATH;
let fake: FakePrograms;
let notes: string;

beforeEach(() => {
  fake = new FakePrograms();
  notes = '';
  process.env.PATH = `${fake.bin}:${searchPath}`;
  const classes =
    '{"items":[{"metadata":{"name":"s","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}]}';
  fake.add('kubectl', `case "$*" in *kube-system*) cat "$FAKE/id" ;; *) echo '${classes}' ;; esac`);
  writeFileSync(path.join(fake.folder, 'id'), 'new');
});
afterEach(() => {
  process.env.PATH = searchPath;
  fake.remove();
});

/** @param isOurs - whether the cluster is made, and deleted, by its provider */
function open(isOurs: boolean) {
  const claimed: string[] = [];
  const provider: Provider = {
    ensure: async () => isOurs,
    claim: (id) => claimed.push(id),
    load: async () => undefined,
    delete: async () => isOurs,
  };
  const kubeconfig = path.join(fake.folder, 'config');
  const choice: OwnChoice = { kind: 'kubeconfig', kubeconfig, context: 'lab', id: 'old' };
  const progress = createProgress({ write: (text: string) => (notes += text) });
  const target = new OwnTarget(
    resolvePaths({ HOME: fake.folder }),
    progress,
    'multi-agent-rag.local',
    choice,
    provider,
  );
  const configuration = path.join(target.paths.state, 'pulumi', 'config', 'Pulumi.multi-agent-rag.local.yaml');
  mkdirSync(path.dirname(configuration), { recursive: true });
  writeFileSync(configuration, '{}');
  return { target, claimed };
}

describe('a cluster of the person', () => {
  it('that is made and deleted here gets another folder of state each time', async () => {
    const { target, claimed } = open(true);
    const before = target.paths.state;
    await target.remove();
    expect(existsSync(before)).toBe(false);
    await target.start([]);
    expect(claimed).toEqual(['new']);
    expect(target.choice.id).toBe('new');
    expect(target.paths.state).not.toBe(before);
  });

  it('that took the place of the one with the platform loses nothing', async () => {
    const { target } = open(false);
    const { state } = target.paths;
    await target.remove();
    expect(notes).toContain('The cluster that had the platform is gone');
    expect(existsSync(state)).toBe(false);
  });

  it('keeps its record when it does not answer', async () => {
    const { target } = open(false);
    fake.add('kubectl', 'echo refused >&2; exit 1');
    writeFileSync(target.choice.kubeconfig, 'contexts: [{ name: lab }]');
    await expect(target.remove()).rejects.toThrow(
      'refuses or does not answer (kubectl get namespace kube-system: refused)',
    );
    expect(existsSync(target.paths.state)).toBe(true);
  });
});
