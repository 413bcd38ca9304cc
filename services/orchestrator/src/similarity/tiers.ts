import { AppError } from '../errors/app-error.ts';
import { USER_TIERS, type UserTier } from '../ports/user-tier.ts';

/** What one request may ask for. */
export interface SimilarityLimits {
  /** Candidates or documents in one request. */
  readonly candidates: number;
  /** Characters of one text. */
  readonly characters: number;
}

/**
 * Chosen so that a batch of the smallest tier, with texts of a passage's length, keeps its target of half a second on one
 * inference server with two cores; larger ones are for those who pay for more of them. Requests per second are the rate
 * limiter's business.
 */
export const SIMILARITY_LIMITS: Readonly<Record<UserTier, SimilarityLimits>> = {
  standard: { candidates: 50, characters: 4_096 },
  premium: { candidates: 200, characters: 8_192 },
  enterprise: { candidates: 1_000, characters: 32_768 },
};

/** The most that any tier may send: the schemas' limits. */
export const LARGEST: SimilarityLimits = SIMILARITY_LIMITS.enterprise;

/**
 * @param field The list's name in the body.
 * @throws AppError `invalid_request` naming the tier's limit that is exceeded
 */
export function checkTier(
  tier: UserTier,
  given: {
    readonly single: Readonly<Record<string, string>>;
    readonly field?: string;
    readonly list?: readonly string[];
  },
): void {
  const { candidates, characters } = SIMILARITY_LIMITS[tier];
  const { single, field = '', list = [] } = given;
  if (list.length > candidates) {
    throw refused(`body.${field}`, `holds ${list.length} texts, and the tier ${tier} allows ${candidates}`, tier);
  }
  const texts = [...Object.entries(single), ...list.map((text, at) => [`${field}[${at}]`, text] as const)];
  for (const [path, text] of texts) {
    if (text.length > characters) {
      throw refused(`body.${path}`, `has ${text.length} characters, and the tier ${tier} allows ${characters}`, tier);
    }
  }
}

function refused(path: string, problem: string, tier: UserTier): AppError {
  const next = USER_TIERS[USER_TIERS.indexOf(tier) + 1];
  const cure = `Send less at once${next === undefined ? '' : `, or use a token of the tier ${next}`}.`;
  return new AppError('invalid_request', { details: [{ path, problem, cure }] });
}
