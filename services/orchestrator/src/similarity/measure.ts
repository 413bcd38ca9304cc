/** How near two texts are, as their vectors say. */
export const METHODS = ['cosine', 'fidelity'] as const;

export type Method = (typeof METHODS)[number];

/**
 * - `cosine`: of the angle between the vectors, -1..1.
 * - `fidelity`: the squared overlap of the two as quantum states, 0..1. A vector is encoded in the amplitudes of a state: scaled
 *   to length 1 and filled up with zeros to a power of two, value by value. The overlap of real states is their dot product, so
 *   the fidelity is the cosine squared, and opposite vectors are the same state.
 *
 * Zero vectors point nowhere: nothing is near them.
 */
export function measure(method: Method, a: ArrayLike<number>, b: ArrayLike<number>): number {
  const cosine = cosineOf(a, b);
  switch (method) {
    case 'cosine':
      return cosine;
    case 'fidelity':
      return cosine * cosine;
  }
}

/** How many qubits the amplitudes of a vector take. */
export function qubits(dimension: number): number {
  return Math.ceil(Math.log2(Math.max(dimension, 2)));
}

function cosineOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let dot = 0;
  let squareA = 0;
  let squareB = 0;
  for (let at = 0; at < a.length; at += 1) {
    const x = a[at] ?? 0;
    const y = b[at] ?? 0;
    dot += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  const lengths = Math.sqrt(squareA) * Math.sqrt(squareB);
  // Rounding may lead a little beyond what a cosine can be.
  return lengths === 0 ? 0 : Math.max(-1, Math.min(1, dot / lengths));
}
