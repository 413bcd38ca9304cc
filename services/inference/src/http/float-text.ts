/** 1 to 10^13, exact in 64 bits. */
const POWERS = Float64Array.from({ length: 14 }, (_, power) => 10 ** power);
/** The two digits of the numbers from 0 to 99, as bytes. */
const DIGITS = Uint8Array.from({ length: 200 }, (_, at) => 48 + (at % 2 === 0 ? Math.floor(at / 20) : (at >> 1) % 10));

const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const ONE = 0x31;
/** Bytes of the longest number: JavaScript's own, such as "-1.1754943508222875e-38", and a comma. */
const LONGEST = 26;

let scratch = Buffer.allocUnsafe(64 * 1024);

/**
 * Numbers of 32 bits as JSON, without brackets: nine significant digits, which name every such number. JavaScript would
 * write them as numbers of 64 bits, with up to 17 digits, which takes four times as long and makes longer answers.
 */
export function floats(values: Float32Array): string {
  if (scratch.length < values.length * LONGEST) scratch = Buffer.allocUnsafe(values.length * LONGEST);
  return scratch.toString('latin1', 0, write(scratch, values));
}

function write(target: Buffer, values: Float32Array): number {
  let at = 0;
  for (let index = 0; index < values.length; index++) {
    if (index > 0) target[at++] = COMMA;
    const value = values[index] ?? 0;
    const size = Math.abs(value);
    // Most numbers of a normalised vector; the others are rare enough to be written by JavaScript itself.
    if (size >= 1e-5 && size < 1) {
      if (value < 0) target[at++] = MINUS;
      at = writeFraction(target, at, size);
    } else if (value === 0) {
      target[at++] = ZERO;
    } else {
      // As JSON.stringify() has it where there is no number.
      at += target.write(Number.isFinite(value) ? String(value) : 'null', at, 'latin1');
    }
  }
  return at;
}

/** A number from 0.00001 to 1, the latter excluded. */
function writeFraction(target: Buffer, start: number, size: number): number {
  let at = start;
  let zeros = size >= 0.1 ? 0 : size >= 0.01 ? 1 : size >= 0.001 ? 2 : size >= 0.0001 ? 3 : 4;
  let digits = Math.round(size * (POWERS[9 + zeros] ?? 1));
  if (digits >= 1e9) {
    // Rounded up to the next power of ten. No number of 32 bits below 1 is that close to it.
    if (zeros === 0) {
      target[at++] = ONE;
      return at;
    }
    zeros -= 1;
    digits = 1e8;
  }
  target[at++] = ZERO;
  target[at++] = POINT;
  for (; zeros > 0; zeros--) target[at++] = ZERO;
  const high = (digits / 1e5) | 0;
  const low = digits - high * 1e5;
  const first = (high / 100) | 0;
  const third = (low / 1000) | 0;
  const rest = low - third * 1000;
  const fourth = (rest / 10) | 0;
  at = writePair(target, at, first);
  at = writePair(target, at, high - first * 100);
  at = writePair(target, at, third);
  at = writePair(target, at, fourth);
  target[at++] = ZERO + rest - fourth * 10;
  return at;
}

function writePair(target: Buffer, at: number, pair: number): number {
  target[at] = DIGITS[2 * pair] ?? 0;
  target[at + 1] = DIGITS[2 * pair + 1] ?? 0;
  return at + 2;
}
