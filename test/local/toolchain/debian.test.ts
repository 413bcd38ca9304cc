import { describe, expect, it } from '@jest/globals';
import { aptError, installedPackages, needsUpdate } from '../../../local/toolchain/debian.ts';

it('counts packages as installed that are there completely', () => {
  const output = 'buildah installed\nmmdebstrap config-files\nlibc6 installed\nlibc6 installed\nrunc half-installed\n';
  expect([...installedPackages(output)]).toEqual(['buildah', 'libc6']);
});

describe('needsUpdate', () => {
  it.each([
    ['E: Unable to locate package buildah', true],
    ["E: Package 'buildah' has no installation candidate", true],
    ['Err:1 http://mirror buildah 1.28\n  404  Not Found', true],
    ['E: You do not have enough free space in /var/cache/apt/archives/.', false],
  ])('%j: %s', (output, expected) => expect(needsUpdate(output)).toBe(expected));
});

it('finds the errors among what apt-get prints', () => {
  expect(aptError('Reading package lists...\nE: Unable to locate package x\n')).toBe('E: Unable to locate package x');
  expect(aptError('first\nlast\n')).toBe('last');
});
