/** Shares of a model's requests by version, such as `{"1": 90, "2": 10}`. */
export type Weights = Readonly<Record<string, number>>;

interface Share {
  readonly weight: number;
  /** What the version is owed; the one that is owed most is next. */
  credit: number;
}

/**
 * Splits requests without a version among the versions that serve. The shares are exact: of any hundred requests in a
 * row, a version with a weight of 10 in 100 gets ten, evenly spread.
 */
export class Traffic {
  readonly #models = new Map<string, Map<string, Share>>();

  /** Shares of a model; none to have its newest version asked. */
  set(name: string, weights: Weights): void {
    const shares = Object.entries(weights).map(([version, weight]) => [version, { weight, credit: 0 }] as const);
    if (shares.length === 0) this.#models.delete(name);
    else this.#models.set(name, new Map(shares));
  }

  weights(name: string): Weights {
    const shares = [...(this.#models.get(name) ?? [])];
    return Object.fromEntries(shares.map(([version, { weight }]) => [version, weight]));
  }

  /**
   * The version to ask next.
   *
   * @param ready versions that serve
   * @returns undefined when none of them should be asked
   */
  next(name: string, ready: readonly string[]): string | undefined {
    const shares = this.#models.get(name);
    if (shares === undefined) return newest(ready);
    let best: { version: string; share: Share } | undefined;
    let total = 0;
    for (const version of ready) {
      const share = shares.get(version);
      if (share === undefined || share.weight === 0) continue;
      total += share.weight;
      share.credit += share.weight;
      if (best === undefined || share.credit > best.share.credit) best = { version, share };
    }
    if (best !== undefined) best.share.credit -= total;
    return best?.version;
  }
}

/** The highest number. */
export function newest(versions: readonly string[]): string | undefined {
  return versions.reduce<string | undefined>(
    (best, version) => (best === undefined || Number(version) > Number(best) ? version : best),
    undefined,
  );
}

/**
 * Weights as somebody wrote them.
 *
 * @throws Error with what is wrong and the cure; `path` is for the message
 */
export function parseWeights(path: string, value: unknown): Weights {
  const form = 'Use whole numbers from 0 by version, one of them above 0, such as {"1": 90, "2": 10}.';
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${path} is no object. ${form}`);
  const weights = Object.entries(value).map(([version, weight]): [string, number] => {
    if (!/^[1-9]\d*$/.test(version)) throw new Error(`${path} has "${version}", which is no version. ${form}`);
    if (typeof weight !== 'number' || !Number.isSafeInteger(weight) || weight < 0) {
      throw new Error(`${path}.${version} is ${JSON.stringify(weight)}. ${form}`);
    }
    return [version, weight];
  });
  if (weights.length > 0 && weights.every(([, weight]) => weight === 0))
    throw new Error(`${path} has only zeros. ${form}`);
  return Object.fromEntries(weights);
}
