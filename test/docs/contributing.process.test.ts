import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '../..');

/** A file of the worked example: all of it, or what changes in one that exists. */
interface Piece {
  readonly file: string;
  readonly kind: string;
  readonly text: string;
}

/** Blocks of code, each with the file that the last name in bold before it says. */
function piecesOf(page: string): readonly Piece[] {
  // Up to the next section: the example's own page has headings, too.
  const section = /^## Add a construct$([\s\S]*?)^## Add a platform$/m.exec(page)?.[1] ?? '';
  let file = '';
  return [...section.matchAll(/^\*\*`([^`]+)`\*\*$|^(`{3,})(\w+)\n([\s\S]*?)^\2$/gm)].flatMap(
    ([, name, , kind = '', text = '']) => {
      if (name === undefined) return [{ file, kind, text }];
      file = name;
      return [];
    },
  );
}

/** Applies lines with `+` between lines of context, which have to be in the file, once. */
function patched(before: string, { file, text }: Piece): string {
  const lines = text.trimEnd().split('\n');
  const kept = lines.filter((line) => !line.startsWith('+')).map((line) => line.slice(1));
  const wanted = lines.map((line) => line.slice(1));
  const times = before.split(kept.join('\n')).length - 1;
  if (times !== 1) throw new Error(`${file} has these lines ${times} times:\n${kept.join('\n')}`);
  return before.replace(kept.join('\n'), () => wanted.join('\n'));
}

describe('the worked example of CONTRIBUTING.md', () => {
  const pieces = piecesOf(readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8'));
  const files = [...new Set(pieces.map(({ file }) => file))];
  let copy = '';

  beforeAll(() => {
    copy = mkdtempSync(path.join(tmpdir(), 'keelson-example-'));
    for (const part of [
      'constructs',
      'stacks',
      'local',
      'test/support',
      'package.json',
      'jest.config.js',
      'tsconfig.json',
    ]) {
      cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
    }
    symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  });

  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it('applies to the project as it is', () => {
    for (const piece of pieces) {
      const file = path.join(copy, piece.file);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, piece.kind === 'diff' ? patched(readFileSync(file, 'utf8'), piece) : piece.text);
    }
    expect(files.length).toBeGreaterThan(8);
  });

  it('compiles', () => {
    const config = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, copy);
    const sources = files.filter((file) => file.endsWith('.ts')).map((file) => path.join(copy, file));
    const program = ts.createProgram(sources, { ...options, incremental: false, noEmit: true, skipLibCheck: true });
    const problems = sources.flatMap((file) => {
      const source = program.getSourceFile(file);
      return source ? [...program.getSemanticDiagnostics(source), ...program.getSyntacticDiagnostics(source)] : [];
    });
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
  }, 30_000);

  it('gives the platform what the text promises', () => {
    const program = `
      import { compose } from './stacks/compose.ts';
      import { environments } from './stacks/environments.ts';
      import { platforms } from './stacks/platforms/index.ts';
      import { Images } from './constructs/index.ts';
      import { plan } from './constructs/bridge/plan.ts';
      const { app } = compose({
        platform: platforms['multi-agent-rag'], environment: environments.local,
        images: new Images({ registry: 'registry.example' }), secret: () => 'x'.repeat(32),
      });
      console.log(JSON.stringify(plan(app).map(({ manifest }) => manifest)));`;
    writeFileSync(path.join(copy, 'example.ts'), program);
    const output = execFileSync(process.execPath, [path.join(copy, 'example.ts')], { encoding: 'utf8' });
    expect(output).toContain('{"name":"MEMCACHED_URL","value":"memcached://memcached:11211"}');
    const order = [...output.matchAll(/"kind":"Deployment","metadata":\{"labels":\{"app":"([a-z-]+)"/g)].map(
      ([, name]) => name,
    );
    expect(order).toContain('memcached');
    expect(order.indexOf('memcached')).toBeLessThan(order.indexOf('orchestrator'));
  }, 30_000);

  it('passes its own test', () => {
    const jest = path.join(root, 'node_modules/jest/bin/jest.js');
    const args = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, 'memcached'];
    const run = () => execFileSync(process.execPath, args, { cwd: copy, encoding: 'utf8', stdio: 'pipe' });
    expect(run).not.toThrow();
  }, 30_000);
});
