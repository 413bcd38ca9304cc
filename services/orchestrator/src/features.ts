/** The sets of endpoints that a platform switches on, each with its dependencies. */
export const FEATURES = ['gateway', 'rag'] as const;

export type Feature = (typeof FEATURES)[number];

export type FeatureSet = Readonly<Record<Feature, boolean>>;

/** Parses a comma separated list. @default gateway,rag */
export function parseFeatures(list: string | undefined): {
  readonly features: FeatureSet;
  readonly unknown: readonly string[];
} {
  const names = (list ?? FEATURES.join(','))
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return {
    features: { gateway: names.includes('gateway'), rag: names.includes('rag') },
    unknown: names.filter((name) => !FEATURES.some((feature) => feature === name)),
  };
}
