import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { goError } from '../../../local/toolchain/build.ts';
import { atLeast, goVersion, parseGoVersion, requiredGo } from '../../../local/toolchain/go.ts';

describe('parseGoVersion', () => {
  it.each([
    ['go1.26.8', [1, 26, 8]],
    ['go version go1.21 linux/amd64', [1, 21, 0]],
    ['go1.27rc1', [1, 27, 0]],
    ['devel', undefined],
  ])('reads %s', (text, version) => expect(parseGoVersion(text)).toEqual(version));
});

describe('atLeast', () => {
  it.each<[number[], number[], boolean]>([
    [[1, 26, 0], [1, 26, 0], true],
    [[1, 26, 1], [1, 26], true],
    [[1, 9, 9], [1, 26, 0], false],
    [[2, 0, 0], [1, 26, 5], true],
  ])('%j against %j', (found, wanted, expected) => expect(atLeast(found, wanted)).toBe(expected));
});

it('reads the version that a module asks for', () => {
  expect(requiredGo('module x\n\ngo 1.26.0\n\ntool y\n')).toBe('1.26.0');
  expect(requiredGo('module x\n')).toBeUndefined();
});

describe('goVersion', () => {
  const withGo = async (script: string | undefined) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'keelson-go-'));
    try {
      if (script !== undefined) {
        writeFileSync(path.join(folder, 'go'), `#!/bin/sh\n${script}\n`);
        chmodSync(path.join(folder, 'go'), 0o755);
      }
      return await goVersion('kube', { PATH: folder });
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const cure =
    /Install Go 1\.\d+\.\d+ or newer from your distribution or registry mirror and put its bin folder on PATH$/;

  it('gives the version of the go command', async () => expect(await withGo('echo go1.99.1')).toBe('go1.99.1'));

  it('says that there is none, in one line with the cure', async () => {
    await expect(withGo(undefined)).rejects.toThrow(/^go: not found on PATH\. /);
    await expect(withGo(undefined)).rejects.toMatchObject({ message: expect.stringMatching(cure), exitCode: 78 });
  });

  it('refuses one that is too old', async () => {
    await expect(withGo('echo go1.19.4')).rejects.toThrow(/^go: go1\.19\.4 is too old\. Install Go/);
    const refusal = 'echo "go: go.mod requires go >= 1.26.0 (running go 1.22.3; GOTOOLCHAIN=local)" >&2; exit 1';
    await expect(withGo(refusal)).rejects.toThrow(/^go: go1\.22\.3 is too old\. /);
  });

  it('passes on any other complaint of the go command', async () => {
    await expect(withGo('echo "cannot find GOROOT" >&2; exit 2')).rejects.toThrow(
      /^go: "go env GOVERSION" failed: cannot find GOROOT\. /,
    );
  });
});

describe('goError', () => {
  it('leaves the noise out', () => {
    expect(goError('go: downloading a v1\n# example.com/x\nx.go:1: undefined: y\n')).toBe('x.go:1: undefined: y');
    expect(goError('')).toBe('no message');
  });
});
