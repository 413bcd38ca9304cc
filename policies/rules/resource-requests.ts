import { at } from '../../constructs/bridge/manifest.ts';
import { containersOf } from '../pods.ts';
import type { ObjectRule } from '../rule.ts';

const needed = ['requests.cpu', 'requests.memory', 'limits.memory'] as const;

/**
 * Without requests the scheduler guesses; without a memory limit one container takes the node down. A CPU limit is no
 * part of it: it throttles while cores are idle.
 */
export const resourceRequests: ObjectRule = {
  name: 'resource-requests',
  description: 'Containers request CPU and memory and have a memory limit.',
  level: 'mandatory',
  check: (manifest) =>
    containersOf(manifest).flatMap(({ spec, path }) =>
      needed.flatMap((field) => {
        const value = at(spec, 'resources', ...field.split('.'));
        return value === undefined || value === ''
          ? [{ path: `${path}.resources.${field}`, value: value ?? null, cure: 'set it from what the container needs' }]
          : [];
      }),
    ),
};
