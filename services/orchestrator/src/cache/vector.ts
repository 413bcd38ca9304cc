/** A direction in 8 bits per dimension, as base64: its cosine with another one is right to about 0.005. */
export function pack(vector: readonly number[]): string {
  const length = Math.hypot(...vector) || 1;
  // Scaled so that the largest component takes the whole range; a cosine does not ask for the length.
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value / length)), 0) || 1;
  return Buffer.from(Int8Array.from(vector, (value) => Math.round((value / length / largest) * 127)).buffer).toString(
    'base64',
  );
}

/** The cosine of two packed directions; 0 when they have not the same number of dimensions. */
export function cosine(a: string, b: string): number {
  const [left, right] = [unpack(a), unpack(b)];
  if (left.length !== right.length) return 0;
  let [dot, ofLeft, ofRight] = [0, 0, 0];
  for (let at = 0; at < left.length; at += 1) {
    const [x, y] = [left[at] ?? 0, right[at] ?? 0];
    dot += x * y;
    ofLeft += x * x;
    ofRight += y * y;
  }
  return ofLeft === 0 || ofRight === 0 ? 0 : dot / Math.sqrt(ofLeft * ofRight);
}

function unpack(text: string): Int8Array {
  const bytes = Buffer.from(text, 'base64');
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
