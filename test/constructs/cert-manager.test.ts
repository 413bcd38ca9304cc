import { describe, expect, it } from '@jest/globals';
import { InternalCertificate } from '../../constructs/index.ts';
import { bench, object } from '../support/manifests.ts';

describe('InternalCertificate', () => {
  it('is good for servers and clients, and renewed in time', () => {
    const on = bench();
    const issuer = { kind: 'ClusterIssuer', name: 'internal' } as const;
    const made = new InternalCertificate(on.namespace, 'tls', {
      name: 'qdrant-tls',
      issuer,
      hosts: ['*.qdrant-headless'],
    });
    expect(object(on.synth(), 'Certificate', 'qdrant-tls').spec).toMatchObject({
      secretName: 'qdrant-tls',
      issuerRef: { kind: 'ClusterIssuer', name: 'internal', group: 'cert-manager.io' },
      dnsNames: ['*.qdrant-headless'],
      usages: expect.arrayContaining(['server auth', 'client auth']),
    });
    expect(made.reference.name).toBe('qdrant-tls');
  });
});
