import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

const repository = path.resolve(import.meta.dirname, '../../..');

/** The packages of node_modules that a module loads, and those that these load. */
function packagesLoadedBy(module: string): readonly string[] {
  const program = `
    import { registerHooks } from 'node:module';
    const loaded = new Set();
    registerHooks({
      load(url, context, next) {
        const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url)?.[1];
        if (name !== undefined) loaded.add(name);
        return next(url, context);
      },
    });
    await import(${JSON.stringify(path.join(repository, module))});
    console.log(JSON.stringify([...loaded].sort()));`;
  const node = path.join(repository, 'node_modules/.bin/node');
  const { stdout, stderr } = spawnSync(node, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as readonly string[];
}

describe('npm run ask', () => {
  // It has to answer in a fraction of a second: a package such as execa, loaded by accident, takes a third of that.
  it('loads the command line framework and no other package', () => {
    expect(packagesLoadedBy('local/commands/ask.ts')).toEqual(['commander']);
  });
});
