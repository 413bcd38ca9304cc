import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import * as library from '../../constructs/index.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'docs/constructs');
const pages = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md');

/** Examples see the library from a folder beside it, as a stack does. */
function examples(page: string): string[] {
  const text = readFileSync(join(folder, page), 'utf8');
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) =>
    code
      .replaceAll("'../constructs/index.ts'", `'${join(root, 'constructs/index.ts')}'`)
      .replaceAll("'cdk8s'", `'${join(root, 'node_modules/cdk8s/lib/index.js')}'`),
  );
}

describe('examples of the documentation', () => {
  let scratch = '';
  const files: string[] = [];

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'keelson-docs-'));
    writeFileSync(join(scratch, 'package.json'), '{"type":"module"}');
    mkdirSync(join(scratch, 'examples'));
    for (const page of pages) {
      for (const [index, code] of examples(page).entries()) {
        const file = join(scratch, 'examples', `${page}-${index}.ts`);
        writeFileSync(file, code);
        files.push(file);
      }
    }
  });

  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('stand on every page', () => {
    expect(pages.length).toBeGreaterThan(10);
    expect(pages.filter((page) => examples(page).length === 0)).toEqual([]);
  });

  it('cover every construct of the library', () => {
    const constructs = Object.entries(library)
      .filter(([, value]) => typeof value === 'function' && /^class .* extends .*Construct\b/.test(String(value)))
      .map(([name]) => name);
    const text = pages.flatMap(examples).join('\n');
    expect(constructs.length).toBeGreaterThan(10);
    expect(constructs.filter((name) => !text.includes(`new ${name}(`))).toEqual([]);
  });

  it('compile', () => {
    const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    const program = ts.createProgram(files, { ...options, incremental: false, noEmit: true, skipLibCheck: true });
    const problems = files.flatMap((file) => {
      const source = program.getSourceFile(file);
      return source ? [...program.getSemanticDiagnostics(source), ...program.getSyntacticDiagnostics(source)] : [];
    });
    expect(
      problems.map(
        ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      ),
    ).toEqual([]);
  }, 30_000);

  it('run', () => {
    const all = files.map((file) => `await import('${file}');`).join('\n');
    const entry = join(scratch, 'all.ts');
    writeFileSync(entry, all);
    expect(() => execFileSync(process.execPath, [entry], { encoding: 'utf8', stdio: 'pipe' })).not.toThrow();
  }, 30_000);
});
