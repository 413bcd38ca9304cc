import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { toolOf } from '../../../local/toolchain/catalogue.ts';
import { findInstalled, parseVersion, which } from '../../../local/toolchain/installed.ts';

let folder: string;
const script = (name: string, body: string, at = 'bin') => {
  const file = path.join(folder, at, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
};
const find = (name: 'pulumi' | 'pulumi-language-nodejs' | 'kwok' | 'kube', searchPath = path.join(folder, 'bin')) =>
  findInstalled(name, { searchPath, except: [path.join(folder, 'own')], knownFile: path.join(folder, 'known.json') });

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keelson-installed-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('parseVersion', () => {
  const pattern = (name: 'pulumi' | 'kwok') => {
    const { installed } = toolOf(name);
    if (installed?.kind !== 'version') throw new Error(`${name} tells no version`);
    return installed.pattern;
  };
  it.each([
    ['v3.190.0\n', '3.190.0'],
    ['warning: A new version is available\nv3.191.0-alpha.1\n', '3.191.0-alpha.1'],
    ['command not found', undefined],
  ])('reads pulumi from %j', (output, version) => expect(parseVersion(output, pattern('pulumi'))).toBe(version));
  it.each([
    ['kwok version v0.8.0 go1.26 (linux/amd64)', '0.8.0'],
    ['kwok version 0.8.0', '0.8.0'],
  ])('reads kwok from %j', (output, version) => expect(parseVersion(output, pattern('kwok'))).toBe(version));
});

describe('which', () => {
  it('takes executables only, from absolute folders, in order', () => {
    const first = script('tool', 'true', 'a');
    script('tool', 'true', 'b');
    mkdirSync(path.join(folder, 'c', 'tool'), { recursive: true });
    writeFileSync(path.join(folder, 'plain'), '');
    const search = ['c', 'a', 'b'].map((each) => path.join(folder, each)).join(':');
    expect(which('tool', search)).toBe(first);
    expect(which('plain', folder)).toBeUndefined();
    expect(which('tool', '.:a')).toBeUndefined();
  });
});

describe('findInstalled', () => {
  it('takes a program in the pinned version', async () => {
    const file = script('kwok', 'echo kwok version v0.8.0');
    expect(await find('kwok')).toBe(file);
  });

  it('asks a program once, and again when it has changed', async () => {
    const count = path.join(folder, 'count');
    const file = script('kwok', `echo x >> ${count}; echo kwok version v0.8.0`);
    await find('kwok');
    rmSync(count);
    expect(await find('kwok')).toBe(file);
    expect(which('count', folder)).toBeUndefined();
    script('kwok', 'echo kwok version v0.9.0');
    utimesSync(file, 1, 1);
    expect(await find('kwok')).toBeUndefined();
  });

  it.each([
    ['another version', 'echo kwok version v0.7.0'],
    ['no version', 'echo hello'],
    ['a failure', 'echo kwok version v0.8.0; exit 1'],
  ])('refuses %s', async (_name, body) => {
    script('kwok', body);
    expect(await find('kwok')).toBeUndefined();
  });

  it('does not find what it linked itself', async () => {
    script('kwok', 'echo kwok version v0.8.0', 'own/bin');
    expect(await find('kwok', path.join(folder, 'own/bin'))).toBeUndefined();
  });

  it('takes a companion only from the folder of its program, and only when it is complete', async () => {
    script('pulumi', 'echo v3.190.0');
    const host = script('pulumi-language-nodejs', 'true');
    expect(await find('pulumi-language-nodejs')).toBeUndefined();
    script('pulumi-analyzer-policy', 'true');
    script('pulumi-resource-pulumi-nodejs', 'true');
    expect(await find('pulumi-language-nodejs')).toBe(host);
    rmSync(path.join(folder, 'bin', 'pulumi'));
    expect(await find('pulumi-language-nodejs')).toBeUndefined();
  });

  it('never replaces the binary that images are made of', async () => {
    script('keelson-kube', 'echo v1.35.4');
    expect(await find('kube')).toBeUndefined();
  });
});
