import type { ObjectRule, StackRule } from './rule.ts';
import { accountTokens } from './rules/account-tokens.ts';
import { closedPolicies } from './rules/closed-policies.ts';
import { defaultDeny } from './rules/default-deny.ts';
import { hiddenSecrets } from './rules/hidden-secrets.ts';
import { imageDigests } from './rules/image-digests.ts';
import { pinnedImages } from './rules/pinned-images.ts';
import { resourceRequests } from './rules/resource-requests.ts';
import { restrictedPods } from './rules/restricted-pods.ts';

/** Rules on single objects. */
export const objectRules: readonly ObjectRule[] = [
  restrictedPods,
  pinnedImages,
  imageDigests,
  resourceRequests,
  closedPolicies,
  hiddenSecrets,
  accountTokens,
];

/** Rules on a whole stack. */
export const stackRules: readonly StackRule[] = [defaultDeny];
