import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { discardHalfInitialised, isInitialised, kubeadmConfiguration } from '../../../local/cluster/control-plane.ts';
import { clusterLayout } from '../../../local/cluster/layout.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function clusterWith(...files: string[]) {
  const layout = clusterLayout(temporaryFolder('layout'));
  for (const file of files) {
    mkdirSync(path.dirname(path.join(layout.node, file)), { recursive: true });
    writeFileSync(path.join(layout.node, file), '');
  }
  return layout;
}

describe('control plane', () => {
  it('is reachable under the address of the host that the relay listens on', () => {
    const [, cluster] = parseAllDocuments(kubeadmConfiguration()).map((document) => document.toJS());
    expect(cluster.apiServer.certSANs).toContain('127.0.0.1');
  });

  it('never pulls an image', () => {
    const [init] = parseAllDocuments(kubeadmConfiguration()).map((document) => document.toJS());
    expect(init.nodeRegistration.imagePullPolicy).toBe('Never');
  });

  it('drops what an interrupted set-up left, but keeps the volumes', () => {
    const layout = clusterWith('kubernetes/pki/ca.crt', 'etcd/member/wal', 'kubelet/config.yaml', 'volumes/documents');
    discardHalfInitialised(layout);
    expect(['kubernetes', 'etcd', 'kubelet'].filter((part) => existsSync(path.join(layout.node, part)))).toEqual([]);
    expect(existsSync(path.join(layout.node, 'volumes/documents'))).toBe(true);
  });

  it('keeps a complete one', () => {
    const layout = clusterWith('kubernetes/node-agents.conf', 'etcd/member/wal');
    discardHalfInitialised(layout);
    expect(isInitialised(layout)).toBe(true);
    expect(existsSync(path.join(layout.node, 'etcd/member/wal'))).toBe(true);
  });
});
