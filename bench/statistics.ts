export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Of the line that is nearest to the values, by one step. */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let together = 0;
  let alone = 0;
  for (const [at, value] of values.entries()) {
    together += (at - middle) * (value - mean);
    alone += (at - middle) ** 2;
  }
  return alone === 0 ? 0 : together / alone;
}
