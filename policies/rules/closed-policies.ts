import { objectsAt } from '../../constructs/bridge/manifest.ts';
import type { ObjectRule } from '../rule.ts';

/** In a network policy, a missing list means everything: easily written, rarely meant. */
export const closedPolicies: ObjectRule = {
  name: 'closed-policies',
  description: 'Rules of network policies name peers and ports; a missing list would mean all of them.',
  level: 'mandatory',
  check: (manifest) => {
    if (manifest.kind !== 'NetworkPolicy') return [];
    const sides = [
      ['ingress', 'from'],
      ['egress', 'to'],
    ] as const;
    return sides.flatMap(([direction, peers]) =>
      objectsAt(manifest, 'spec', direction).flatMap((rule, index) =>
        [peers, 'ports'].flatMap((list) =>
          objectsAt(rule, list).length > 0
            ? []
            : [{ path: `spec.${direction}[${index}].${list}`, value: rule[list] ?? null, cure: `list the ${list}` }],
        ),
      ),
    );
  },
};
