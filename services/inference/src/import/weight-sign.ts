import { readFileSync } from 'node:fs';

/** Flags of /proc/cpuinfo: the processor adds products of bytes in 32 bits. */
const WIDE = /\b(avx_vnni|avx512_vnni|avx_vnni_int8|amx_int8)\b/;

/**
 * Whether weights are kept as signed bytes. An x86 processor without VNNI adds the products of an unsigned and a signed byte in pairs, in 16
 * bits, and cuts off what does not fit: seen was a cosine of 0.92. There they are unsigned, which ONNX Runtime computes exactly, and slower.
 * https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html (2026-11-30)
 *
 * @param arch As Node.js names it.
 * @param cpuinfo What /proc/cpuinfo says.
 */
export function signedWeights(arch: string = process.arch, cpuinfo: string = read()): boolean {
  return arch !== 'x64' || WIDE.test(cpuinfo);
}

/** Where the system does not say, weights are computed with exactly. */
function read(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
