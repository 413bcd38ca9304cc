import type { FastifyRequest } from 'fastify';
import type { Actor } from '../experiments/store.ts';
import { USER_TIERS, type UserTier } from '../ports/user-tier.ts';

/** Who asks, as far as the endpoints of the feature sets have to know. */
export interface Asker {
  /** Whose data it is: what one tenant stored, another does not see. */
  readonly tenant: string;
  /** The person or program. */
  readonly user: string;
  /** A tier of the policy that the limits here do not know has those of `standard`. */
  readonly tier: UserTier;
}

/** @throws TypeError on a public route: there is nobody who asks */
export function askerOf({ identity }: FastifyRequest): Asker {
  if (!identity) throw new TypeError('a public route has no asker');
  const { tenant, user, tier } = identity;
  return { tenant, user, tier: USER_TIERS.find((known) => known === tier) ?? 'standard' };
}

export function actorOf(request: FastifyRequest): Actor {
  return { caller: request.caller, tenant: askerOf(request).tenant, requestId: request.id };
}
