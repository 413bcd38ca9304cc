/**
 * Upper bounds of the buckets, in milliseconds: fine where targets lie (100, 200, 500 ms), coarse where an answer is late
 * anyway. A last bucket without a bound takes the rest.
 */
export const BOUNDS_MS: readonly number[] = [
  1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 7_500, 10_000,
  20_000, 30_000, 60_000, 120_000,
];

/** A bucket: how many values are at most `bound` and above the bound before it. */
export interface Bucket {
  readonly bound: number;
  readonly count: number;
}

/** The place of the bucket that a duration belongs to. */
export function bucketOf(ms: number): number {
  const at = BOUNDS_MS.findIndex((bound) => ms <= bound);
  return at === -1 ? BOUNDS_MS.length : at;
}

/**
 * A percentile, between two bounds in proportion, as Prometheus' `histogram_quantile` does it.
 *
 * @param buckets by bound, ascending; the last one's bound is Infinity
 * @param largest The largest value seen: no percentile is above it.
 */
export function percentile(buckets: readonly Bucket[], share: number, largest: number): number | null {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return null;
  const rank = share * total;
  let below = 0;
  let lower = 0;
  for (const { bound, count } of buckets) {
    if (count > 0 && below + count >= rank) {
      const upper = Math.min(bound, Math.max(largest, lower));
      return Math.round((lower + (upper - lower) * ((rank - below) / count)) * 100) / 100;
    }
    below += count;
    lower = bound;
  }
  return largest;
}
