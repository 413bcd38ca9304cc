import { expect, it } from '@jest/globals';
import { signedWeights } from '../../../../services/inference/src/import/weight-sign.ts';

it.each([
  ['x64', 'flags : fpu avx avx2 fma', false],
  ['x64', 'flags : fpu avx2 avx_vnni fma', true],
  ['x64', 'flags : fpu avx2 avx512_vnni', true],
  ['x64', 'flags : fpu avx2 amx_int8', true],
  ['x64', '', false],
  ['arm64', 'Features : fp asimd asimddp', true],
] as const)('are used where their products are added without loss: %s, %s', (arch, cpuinfo, signed) => {
  expect(signedWeights(arch, cpuinfo)).toBe(signed);
});
