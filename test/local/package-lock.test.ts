import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { complete, missingBuilds, platformOf } from '../../local/complete-lockfile.mjs';

describe('package-lock.json', () => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../../package-lock.json'), 'utf8');

  it('has every optional package, or npm ci refuses it (cure: node local/complete-lockfile.mjs)', () => {
    expect(missingBuilds(JSON.parse(text))).toEqual([]);
  });

  it('names no registry', () => expect(text).not.toMatch(/"resolved": "(?!services\/)/));
});

describe('complete', () => {
  const lock = {
    packages: {
      '': {},
      'node_modules/a': {
        version: '1.0.0',
        dev: true,
        optionalDependencies: { '@a/linux-x64-gnu': '1.0.0', '@a/win32-ia32': '1.0.0' },
      },
      'node_modules/a/node_modules/@a/linux-x64-gnu': { version: '1.0.0' },
    },
  };

  it('adds what is nowhere, for its own platform only', () => {
    expect(complete(lock).packages['node_modules/@a/win32-ia32']).toEqual({
      version: '1.0.0',
      dev: true,
      optional: true,
      os: ['win32'],
      cpu: ['ia32'],
    });
    expect(missingBuilds(complete(lock))).toEqual([]);
  });

  it('leaves a complete file as it is', () => expect(complete(complete(lock))).toEqual(complete(lock)));
});

describe('platformOf', () => {
  it.each([
    ['@swc/core-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'], libc: ['glibc'] }],
    ['@biomejs/cli-linux-x64-musl', { os: ['linux'], cpu: ['x64'], libc: ['musl'] }],
    ['fsevents', undefined],
  ])('%s', (name, platform) => expect(platformOf(name)).toEqual(platform));
});
