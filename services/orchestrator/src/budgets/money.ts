/** Nano US dollars (1e-9 USD) as dollars, for people and metrics. */
export function dollars(nanoUsd: number): number {
  return nanoUsd / 1e9;
}

/** Dollars as whole nano US dollars. */
export function nanoUsd(amount: number): number {
  return Math.round(amount * 1e9);
}
