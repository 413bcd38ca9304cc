import { describe, expect, it } from '@jest/globals';
import { debianSources, parseCandidate } from '../../../local/images/debian.ts';

const main = `Types: deb
URIs: https://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg`;

describe('debianSources', () => {
  it('keeps the stanzas of Debian 12 and leaves out comments, other vendors, other releases and disabled ones', () => {
    const text = [
      `# the mirror of this site\n${main}`,
      'Types: deb\nURIs: https://vendor.example/node\nSuites: nodistro\nComponents: main',
      'Types: deb\nURIs: https://mirror.example/debian\nSuites: trixie\nComponents: main',
      'Types: deb\nURIs: https://mirror.example/debian\nSuites: bookworm\nComponents: main\nEnabled: no',
      'Types: deb\nURIs: https://vendor.example/docker\nSuites: bookworm\nComponents: stable',
    ].join('\n\n');
    expect(debianSources(text, 'debian.sources')).toBe(main);
  });

  it('keeps lines with options, and none that are commented out or for source packages', () => {
    const security =
      'deb [signed-by=/usr/share/keyrings/a.gpg] http://mirror.example/debian-security bookworm-security main contrib';
    const text = [
      security,
      '# deb http://mirror.example/debian bookworm main',
      'deb-src http://mirror.example/debian bookworm main',
      'deb http://apt.example/pg bookworm-pgdg main',
    ].join('\n');
    expect(debianSources(text, 'sources.list')).toBe(security);
  });
});

describe('parseCandidate', () => {
  it('reads name, version with epoch, file and size', () => {
    const line =
      "'http://m.example/pool/r/redis-server_7.0.15-1~deb12u10_amd64.deb' redis-server_5%3a7.0.15-1~deb12u10_amd64.deb 72480 MD5Sum:aa11";
    expect(parseCandidate(line)).toEqual({
      name: 'redis-server',
      version: '5:7.0.15-1~deb12u10',
      file: 'redis-server_5%3a7.0.15-1~deb12u10_amd64.deb',
      size: 72480,
    });
  });

  it('reads a line without a hash, as security mirrors give it', () => {
    const line =
      "'http://m.example/libpcre2-8-0_10.42-1%2bdeb12u2_amd64.deb' libpcre2-8-0_10.42-1+deb12u2_amd64.deb 261628 ";
    expect(parseCandidate(line)?.version).toBe('10.42-1+deb12u2');
  });

  it('passes over other lines, and refuses a package line that it does not understand: a library would be missing', () => {
    expect(parseCandidate('')).toBeUndefined();
    expect(() => parseCandidate("'http://m.example/x.deb' x.deb")).toThrow(
      "apt-get --print-uris: 'http://m.example/x.deb' x.deb.",
    );
  });
});
