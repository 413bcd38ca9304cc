import { podOf } from '../pods.ts';
import type { ObjectRule } from '../rule.ts';

/** A token in a pod is a key to the API server for whoever breaks into it. */
export const accountTokens: ObjectRule = {
  name: 'account-tokens',
  description: 'Pods carry no token of their service account, since they do not talk to the API server.',
  level: 'mandatory',
  check: (manifest) => {
    const pod = podOf(manifest);
    if (pod === undefined || pod.spec.automountServiceAccountToken === false) return [];
    return [
      {
        path: `${pod.path}.automountServiceAccountToken`,
        value: pod.spec.automountServiceAccountToken ?? null,
        cure: 'set it to false, or list the workload in policies/exceptions.ts with its reason',
      },
    ];
  },
};
