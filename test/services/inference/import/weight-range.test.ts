import { expect, it } from '@jest/globals';
import { weightRange } from '../../../../services/inference/src/import/weight-range.ts';

it.each([
  ['x64', 'flags : fpu avx avx2 fma', 64],
  ['x64', 'flags : fpu avx2 avx_vnni fma', 127],
  ['x64', 'flags : fpu avx2 avx512_vnni', 127],
  ['x64', 'flags : fpu avx2 amx_int8', 127],
  ['x64', '', 64],
  ['arm64', 'Features : fp asimd asimddp', 127],
] as const)('leaves room for the products of weights: %s, %s', (arch, cpuinfo, range) => {
  expect(weightRange(arch, cpuinfo)).toBe(range);
});
