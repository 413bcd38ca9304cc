import type { TreeRecipe } from '../recipe.ts';
import { link, prune } from '../tree.ts';

const library = 'usr/lib/python3.11';

/** The base with Python 3.11, without pip. */
export const basePython: TreeRecipe = {
  kind: 'tree',
  name: 'base-python',
  version: { debian: 'python3.11' },
  from: ['base'],
  packages: ['python3.11'],
  defaults: { env: { PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' }, command: ['python3'] },
  build: async ({ root, python }) => {
    await link(root, { 'usr/bin/python3': 'python3.11' });
    // Development, graphics and documentation parts of the standard library.
    const unused = ['config-3.11-*', 'ensurepip', 'idlelib', 'lib2to3', 'pydoc_data', 'tkinter', 'turtledemo', 'test'];
    await prune(
      root,
      unused.map((name) => `${library}/${name}`),
    );
    await (await python()).compile(root, library);
  },
};
