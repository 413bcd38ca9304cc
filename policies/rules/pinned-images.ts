import { textAt } from '../../constructs/bridge/manifest.ts';
import { parseImage } from '../image.ts';
import { containersOf } from '../pods.ts';
import type { ObjectRule } from '../rule.ts';

/** An image without a version can be another one at each start of a pod. */
export const pinnedImages: ObjectRule = {
  name: 'pinned-images',
  description: 'Images carry a tag other than latest, or a digest: two pods of one workload run the same program.',
  level: 'mandatory',
  check: (manifest) =>
    containersOf(manifest).flatMap(({ spec, path }) => {
      const reference = textAt(spec, 'image') ?? '';
      const { repository, tag, digest } = parseImage(reference);
      const pinned =
        repository !== '' && (digest !== undefined || (tag !== undefined && tag !== '' && tag !== 'latest'));
      return pinned
        ? []
        : [{ path: `${path}.image`, value: reference, cure: 'name the version: repository:version@digest' }];
    }),
};
