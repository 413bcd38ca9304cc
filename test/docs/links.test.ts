import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../..');

function below(folder: string, extension: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension) && !/(^|\/)(node_modules|dist)\//.test(name))
    .map((name) => path.join(folder, name))
    .sort();
}

const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...below('docs', '.md')];
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
/** The text that a reader sees as text: without blocks of code. */
const prose = (file: string): string => read(file).replace(/^ *(`{3,})[\s\S]*?^ *\1$/gm, '');

/** Anchors of a page's headings, as GitHub makes them. */
function anchorsOf(file: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = [...prose(file).matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) => {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = text.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
  return new Set(anchors);
}

/** Why a link of a page leads nowhere; undefined when it is fine, or leads outside. */
function problemOf(file: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [target = '', anchor] = link.split('#');
  const full = target === '' ? file : path.join(path.dirname(file), target);
  if (!existsSync(path.join(root, full))) return `${link}: no such file`;
  if (anchor !== undefined && !anchorsOf(full).has(anchor)) return `${link}: no such heading`;
  return undefined;
}

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }; // npm's own format

/** Scripts of npm that a page calls; those of a workspace belong to another package.json. */
function scriptsIn(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.includes('--workspace'));
  return lines.flatMap((line) => [
    ...[...line.matchAll(/\bnpm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, name = '']) => name),
    ...[...line.matchAll(/\bnpm (start|stop|test)\b/g)].map(([, name = '']) => name),
  ]);
}

/** Folders of the repository: a path in backticks that begins with one of them has to exist. */
const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['node_modules', 'coverage', '.git'].includes(entry.name))
  .map(({ name }) => name);

function missingPaths(file: string): string[] {
  // Names in bold are files of a worked example, which has a test of its own.
  const text = prose(file).replace(/\*\*`[^`\n]+`\*\*/g, '');
  const quoted = [...text.matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name);
  return quoted
    .map((name) => name.replace(/:\d+$/, ''))
    .filter((name) => /^[\w.@/*-]+$/.test(name) && folders.includes(name.split('/')[0] ?? '') && name.includes('/'))
    .map((name) => name.replace(/\/?\*.*$/, ''))
    .filter((name) => !existsSync(path.join(root, name)) && !existsSync(path.join(root, path.dirname(file), name)));
}

describe.each(pages)('%s', (file) => {
  it('has links and pictures that lead somewhere', () => {
    const links = [...prose(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    expect(links.flatMap((link) => problemOf(file, link) ?? [])).toEqual([]);
  });

  it('calls only commands that there are', () => {
    const own = file === 'docs/services/orchestrator.md' || file === 'docs/services/inference.md' ? ['build'] : [];
    const known = [...Object.keys(scripts), ...own];
    expect(scriptsIn(read(file)).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('names only files that there are', () => {
    expect(missingPaths(file)).toEqual([]);
  });

  it('shows nothing of the machine that it was written on', () => {
    expect(read(file)).not.toMatch(/\/(work|tmp|root)\//);
  });
});

describe('docs/index.md', () => {
  it('leads to every page', () => {
    const links = [...read('docs/index.md').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) =>
      path.join('docs', link),
    );
    const others = pages.filter((page) => page.startsWith('docs/') && page !== 'docs/index.md');
    expect(others.filter((page) => !links.includes(page))).toEqual([]);
  });
});

describe('docs/operations/local.md', () => {
  it('explains messages that the program has', () => {
    const source = [...below('local', '.ts'), ...below('local', '.mjs')].map(read).join('\n');
    const table = read('docs/operations/local.md').split('## Troubleshooting by message')[1] ?? '';
    const messages = [...table.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell = '']) => [
      ...[...cell.matchAll(/`([^`]+)`/g)].map(([, message = '']) => message),
    ]);
    expect(messages.length).toBeGreaterThan(15);
    const unknown = messages.filter((message) => {
      const parts = message.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      return !new RegExp(parts.join('.{0,80}')).test(source);
    });
    expect(unknown).toEqual([]);
  });
});
