import { describe, expect, it } from '@jest/globals';
import { isContentAddressed, parseImage } from '../../../policies/image.ts';
import { imageDigests } from '../../../policies/rules/image-digests.ts';
import { pinnedImages } from '../../../policies/rules/pinned-images.ts';
import { broken, container, goodDeployment } from '../support.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const local = 'keelson.local/redis:7.0.15-0123456789ab';

describe('parseImage', () => {
  it.each([
    ['redis', { repository: 'redis' }],
    ['redis:7', { repository: 'redis', tag: '7' }],
    ['host:5000/redis', { repository: 'host:5000/redis' }],
    ['host:5000/a/redis:7', { repository: 'host:5000/a/redis', tag: '7' }],
    [`redis@${digest}`, { repository: 'redis', digest }],
    [`redis:7@${digest}`, { repository: 'redis', tag: '7', digest }],
  ])('reads %s', (reference, parts) => {
    expect(parseImage(reference)).toEqual(parts);
  });
});

describe('pinnedImages', () => {
  const check = (image: string) => pinnedImages.check(broken(goodDeployment, `${container}.image`, image));

  it('is content with a version or a digest', () => {
    for (const image of ['redis:7.4.2', `redis@${digest}`, `redis:latest@${digest}`, local]) {
      expect(check(image)).toEqual([]);
    }
  });

  it.each(['redis', 'redis:latest', 'host:5000/redis', 'redis:', ''])('refuses "%s"', (image) => {
    expect(check(image)).toEqual([
      expect.objectContaining({ path: 'spec.template.spec.containers[api].image', value: image }),
    ]);
  });
});

describe('imageDigests', () => {
  const check = (image: string) => imageDigests.check(broken(goodDeployment, `${container}.image`, image));

  it('only advises: a mirror may pin in another way', () => {
    expect(imageDigests.level).toBe('advisory');
  });

  it('is content with a digest, and with a local image, whose tag holds the hash of its content', () => {
    expect(check(`redis:7@${digest}`)).toEqual([]);
    expect(check(local)).toEqual([]);
  });

  it.each(['redis:7.4.2', 'redis:7@sha256:abc', 'keelson.local/redis:7.0.15'])('reports "%s"', (image) => {
    expect(check(image)).toHaveLength(1);
  });

  it('takes no image of another registry for a local one', () => {
    expect(isContentAddressed('evil.example/keelson.local/redis:7.0.15-0123456789ab')).toBe(false);
  });
});
