import { describe, expect, it } from '@jest/globals';
import { SharedClaim, Size } from '../../constructs/index.ts';
import { bench, object } from '../support/manifests.ts';

describe('SharedClaim', () => {
  it('is written to by many nodes, or by one', () => {
    const on = bench();
    new SharedClaim(on.namespace, 'a', { name: 'models', storage: { size: Size.gibibytes(1), storageClass: 'efs' } });
    new SharedClaim(on.namespace, 'b', { name: 'one', storage: { size: Size.gibibytes(1) }, writers: 'one-node' });
    const manifests = on.synth();
    expect(object(manifests, 'PersistentVolumeClaim', 'models').spec).toEqual({
      accessModes: ['ReadWriteMany'],
      storageClassName: 'efs',
      resources: { requests: { storage: '1024Mi' } },
    });
    expect(object(manifests, 'PersistentVolumeClaim', 'one').spec).toMatchObject({ accessModes: ['ReadWriteOnce'] });
  });
});
