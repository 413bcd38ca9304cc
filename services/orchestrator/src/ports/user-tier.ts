/** What a caller has subscribed to. */
export const USER_TIERS = ['standard', 'premium', 'enterprise'] as const;

export type UserTier = (typeof USER_TIERS)[number];
