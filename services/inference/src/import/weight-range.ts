import { readFileSync } from 'node:fs';

/** Flags of /proc/cpuinfo: the processor adds products of bytes in 32 bits. */
const WIDE = /\b(avx_vnni|avx512_vnni|avx_vnni_int8|amx_int8)\b/;

/** Of a signed byte; the one below -127 is left out, so that the range is even. */
const WHOLE = 127;
/** Two products with unsigned bytes fit into 16 bits: 2 x 255 x 64 is 32640. */
const HALF = 64;

/**
 * The largest value that a rounded weight may have. An x86 processor without VNNI adds the products of an unsigned and a signed byte in
 * pairs, in 16 bits, and cuts off what does not fit: there, weights get half of the range.
 * https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html ("reduce_range"; 2026-11-30)
 *
 * @param arch As Node.js names it.
 * @param cpuinfo What /proc/cpuinfo says.
 */
export function weightRange(arch: string = process.arch, cpuinfo: string = read()): 127 | 64 {
  return arch !== 'x64' || WIDE.test(cpuinfo) ? WHOLE : HALF;
}

/** Where the system does not say, the careful range holds. */
function read(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
