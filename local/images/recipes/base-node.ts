import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TreeRecipe } from '../recipe.ts';
import { copy } from '../tree.ts';

// The npm package "node" brings the runtime that the project itself runs on.
const manifest = createRequire(import.meta.url).resolve('node/package.json');
const binary = join(dirname(manifest), 'bin/node');
// The manifest of an npm package has a version.
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };

/** The base with Node.js, without npm. */
export const baseNode: TreeRecipe = {
  kind: 'tree',
  name: 'base-node',
  version,
  from: ['base'],
  packages: ['libstdc++6'],
  inputs: () => [binary],
  defaults: { env: { NODE_ENV: 'production' }, command: ['node'] },
  build: async ({ root }) => {
    await copy(binary, root, 'usr/local/bin/node', 0o755);
  },
};
