import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { exitCodes, Failure } from '../failure.ts';
import { locked } from './lock.ts';
import type { DebianPackage } from './recipe.ts';
import { run } from './run.ts';

/** Release of Debian that all images are made of. */
export const release = 'bookworm';

/**
 * Packages that only configure other packages on an installed system. Images are extracted, not installed: no maintainer
 * script runs, so what they need has no use either.
 */
const administration = [
  /^(lib)?perl/,
  /-perl$/,
  /^(debconf|dpkg|tar|usrmerge|init-system-helpers|adduser|passwd|ucf|sensible-utils|lsb-base)$/,
  /^(login|locales|libc-l10n|logsave|netbase|media-types|mailcap|mime-support)$/,
  /^(sysuser-helper|runit-helper|libdebconfclient0|libaudit-common|libsemanage.*|libsepol2)$/,
  /^libpam-(runtime|modules.*)$/,
  /^(libdb5\.3|libgdbm.*)$/,
];

// The node and the images are built in one go: the second one need not ask the mirror again.
const fresh = 60 * 60 * 1000;

/** A package as the sources offer it. */
export interface Candidate extends DebianPackage {
  /** Name of the file, as apt names it. */
  readonly file: string;
  readonly size: number;
}

/** The lines of a source file that offer this release of Debian itself, and nothing else. */
export function debianSources(text: string, name: string): string {
  const suites = [release, `${release}-updates`, `${release}-security`, `${release}/updates`];
  if (name.endsWith('.list')) {
    return text
      .split('\n')
      .filter((line) => {
        const words = line
          .replace(/\[[^\]]*\]/, '')
          .trim()
          .split(/\s+/);
        return words[0] === 'deb' && suites.includes(words[2] ?? '') && words.includes('main');
      })
      .join('\n');
  }
  const value = (stanza: string, field: string): string[] =>
    new RegExp(`^${field}:\\s*(.*)$`, 'mi').exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
  return text
    .split(/\n\s*\n/)
    .map((stanza) => stanza.replace(/^#.*\n?/gm, '').trim())
    .filter(
      (stanza) =>
        value(stanza, 'Types').includes('deb') &&
        !value(stanza, 'Enabled').includes('no') &&
        value(stanza, 'Components').includes('main') &&
        value(stanza, 'Suites').some((suite) => suites.includes(suite)),
    )
    .join('\n\n');
}

/** Reads a line of `apt-get --print-uris`: `'uri' name_version_architecture.deb size hash`. */
export function parseCandidate(line: string): Candidate | undefined {
  const match = /^'[^']*' (([^_\s]+)_([^_\s]+)_[^_\s]+\.deb) (\d+)(?: \S+)?$/.exec(line.trim());
  if (match === null) {
    if (!line.startsWith("'")) return undefined;
    throw new Failure({
      path: 'apt-get --print-uris',
      value: line,
      cure: 'A package is named in a way that is not understood: report it',
      exitCode: exitCodes.failed,
    });
  }
  const [, file = '', name = '', version = '', size = ''] = match;
  return { name, version: decodeURIComponent(version), file, size: Number(size) };
}

/**
 * Debian packages of the machine's own sources, with an index and a store apart from the machine's: nothing is installed on
 * the machine, and what is installed there has no influence.
 */
export class Debian {
  readonly #folder: string;
  #ready: Promise<void> | undefined;

  /** @param folder where index and packages are kept. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** All packages that the named ones need, themselves included. */
  async resolve(packages: readonly string[], without: readonly string[] = []): Promise<Candidate[]> {
    this.#ready ??= locked(this.#folder, () => this.#update());
    await this.#ready;
    const out = await this.#apt(['install', '--print-uris', '-qq', ...packages]);
    return out
      .split('\n')
      .map(parseCandidate)
      .filter((candidate) => candidate !== undefined)
      .filter(({ name }) => packages.includes(name) || !administration.some((pattern) => pattern.test(name)))
      .filter(({ name }) => !without.includes(name))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Paths of the packages' files; fetches those that are not there yet. Apt checks them against the signed index. */
  async fetch(candidates: readonly Candidate[]): Promise<string[]> {
    await locked(this.#folder, () => this.#download(candidates));
    return candidates.map(({ file }) => join(this.#folder, 'packages', file));
  }

  async #download(candidates: readonly Candidate[]): Promise<void> {
    const store = join(this.#folder, 'packages');
    const missing: Candidate[] = [];
    for (const candidate of candidates) {
      const known = await stat(join(store, candidate.file)).catch(() => undefined);
      if (known?.size !== candidate.size) missing.push(candidate);
    }
    if (missing.length === 0) return;
    // Renamed when complete: an interrupted download leaves nothing that looks like a package.
    const partial = join(this.#folder, 'partial');
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial);
    await mkdir(store, { recursive: true });
    await this.#apt(['download', '-qq', ...missing.map(({ name, version }) => `${name}=${version}`)], partial);
    for (const { file } of missing) await rename(join(partial, file), join(store, file));
  }

  async #update(): Promise<void> {
    const done = join(this.#folder, 'updated');
    const { mtimeMs = 0 } = (await stat(done).catch(() => undefined)) ?? {};
    if (Date.now() - mtimeMs < fresh) return;
    for (const folder of ['lists/partial', 'cache/archives/partial', 'parts']) {
      await mkdir(join(this.#folder, folder), { recursive: true });
    }
    // An empty list of installed packages: what the machine has is no reason to leave something out.
    await writeFile(join(this.#folder, 'status'), '');
    const parts = '/etc/apt/sources.list.d';
    const names = await readdir(parts).catch(() => []);
    const files = [
      ...names.filter((name) => /\.(list|sources)$/.test(name)).map((name) => join(parts, name)),
      '/etc/apt/sources.list',
    ];
    let found = 0;
    for (const file of files) {
      const sources = debianSources(await readFile(file, 'utf8').catch(() => ''), basename(file));
      if (sources.trim() !== '') found++;
      await writeFile(join(this.#folder, 'parts', basename(file)), `${sources}\n`);
    }
    if (found === 0) {
      throw new Failure({
        path: '/etc/apt/sources.list.d',
        value: `no source of Debian 12 (${release}) main`,
        cure: `Add one, for example a file keelson.list with "deb <mirror> ${release} main" (it is used for images only)`,
        exitCode: exitCodes.environment,
      });
    }
    await this.#apt(['update', '-qq']);
    await writeFile(done, '');
  }

  async #apt(command: readonly string[], cwd = this.#folder): Promise<string> {
    const folder = this.#folder;
    const options = {
      'Dir::State': folder,
      'Dir::State::lists': join(folder, 'lists'),
      'Dir::State::status': join(folder, 'status'),
      'Dir::Cache': join(folder, 'cache'),
      'Dir::Cache::pkgcache': 'pkgcache.bin',
      'Dir::Cache::srcpkgcache': 'srcpkgcache.bin',
      'Dir::Etc::SourceList': '/dev/null',
      'Dir::Etc::SourceParts': join(folder, 'parts'),
      'APT::Architecture': 'amd64',
      'APT::Architectures::': 'amd64',
      'APT::Install-Recommends': 'false',
      'APT::Get::Assume-Yes': 'true',
      'APT::Sandbox::User': 'root',
      'Acquire::Languages': 'none',
      'Acquire::Retries': '3',
      // Hooks of the machine are meant for its own packages.
      'DPkg::Post-Invoke': '',
      'APT::Update::Post-Invoke': '',
      'APT::Update::Post-Invoke-Success': '',
      'Debug::NoLocking': 'true',
    };
    const flags = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    const cure = 'Can this machine reach its Debian mirror (sources in /etc/apt)? Then run the command again';
    return run('apt-get', [...command, ...flags], { cwd, env: { LC_ALL: 'C' }, cure });
  }
}
