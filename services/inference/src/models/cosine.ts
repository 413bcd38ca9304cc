/** Cosine of the angle between two vectors, from -1 to 1; 0 where one of them is zero. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let product = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [a[at] ?? 0, b[at] ?? 0];
    product += x * y;
    lengthA += x * x;
    lengthB += y * y;
  }
  const length = Math.sqrt(lengthA) * Math.sqrt(lengthB);
  // Rounding may lead a hair beyond.
  return length === 0 ? 0 : Math.max(-1, Math.min(1, product / length));
}
