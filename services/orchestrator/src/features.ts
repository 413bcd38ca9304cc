/** The sets of endpoints that a platform switches on, each with its dependencies. */
export const FEATURES = [
  'gateway',
  'rag',
  'agents',
  'budgets',
  'similarity',
  'counterfactuals',
  'experiments',
  'production',
  'quarantine',
] as const;

export type Feature = (typeof FEATURES)[number];

export type FeatureSet = Readonly<Record<Feature, boolean>>;

/** What is served when FEATURES is not set. */
export const DEFAULT_FEATURES: readonly Feature[] = ['gateway', 'rag'];

/** Parses a comma separated list. @default gateway,rag */
export function parseFeatures(list: string | undefined): {
  readonly features: FeatureSet;
  readonly unknown: readonly string[];
} {
  const names = (list ?? DEFAULT_FEATURES.join(','))
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return {
    features: featureSet(names),
    unknown: names.filter((name) => !FEATURES.some((feature) => feature === name)),
  };
}

/** The set with these features on and all others off. */
export function featureSet(on: readonly string[]): FeatureSet {
  const has = (feature: Feature): boolean => on.includes(feature);
  return {
    gateway: has('gateway'),
    rag: has('rag'),
    agents: has('agents'),
    budgets: has('budgets'),
    similarity: has('similarity'),
    counterfactuals: has('counterfactuals'),
    experiments: has('experiments'),
    production: has('production'),
    quarantine: has('quarantine'),
  };
}
