import { textAt } from '../../constructs/bridge/manifest.ts';
import { isContentAddressed, parseImage } from '../image.ts';
import { containersOf } from '../pods.ts';
import type { ObjectRule } from '../rule.ts';

/** A tag can be moved by whoever owns the repository; a digest cannot. */
export const imageDigests: ObjectRule = {
  name: 'image-digests',
  description: 'Images are pinned by digest, so that a moved tag cannot change what runs.',
  level: 'advisory',
  check: (manifest) =>
    containersOf(manifest).flatMap(({ spec, path }) => {
      const reference = textAt(spec, 'image') ?? '';
      if (isContentAddressed(reference)) return [];
      const digest = parseImage(reference).digest;
      if (digest !== undefined && /^sha256:[0-9a-f]{64}$/.test(digest)) return [];
      return [{ path: `${path}.image`, value: reference, cure: 'append @sha256:… of the index behind the tag' }];
    }),
};
