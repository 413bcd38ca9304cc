import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { addonManifest } from '../../../local/cluster/addons.ts';

const images = { base: 'keelson.local/base:1', localPathProvisioner: 'keelson.local/local-path-provisioner:2' };
const names = ['node-agents', 'coredns', 'storage', 'metrics-server'] as const;
const documents = (name: (typeof names)[number]) =>
  parseAllDocuments(addonManifest(name, images)).map((document) => document.toJS());

describe('add-ons', () => {
  it.each(names)('%s is valid YAML whose every object is named', (name) => {
    for (const object of documents(name)) expect(object.metadata.name).toEqual(expect.any(String));
  });

  it('fills the images of the storage provisioner and of its helper pod in', () => {
    const text = addonManifest('storage', images);
    expect(text).toContain(`image: ${images.localPathProvisioner}`);
    expect(text).toContain(`image: ${images.base}`);
    expect(text).not.toContain('${BASE');
  });

  it.each(names)('%s runs its pods without root and without privileges', (name) => {
    for (const object of documents(name).filter(({ kind }) => kind === 'Deployment')) {
      const pod = object.spec.template.spec;
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of pod.containers) {
        expect(container.securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        });
        expect(container.resources.limits.memory).toBeDefined();
      }
    }
  });

  it('gives the cluster one default storage class', () => {
    const classes = documents('storage').filter(({ kind }) => kind === 'StorageClass');
    expect(classes).toHaveLength(1);
    expect(classes[0].metadata.annotations).toEqual({ 'storageclass.kubernetes.io/is-default-class': 'true' });
  });
});
