import { join } from 'node:path';
import type { TreeRecipe } from '../recipe.ts';
import { copy } from '../tree.ts';

const server = join(import.meta.dirname, '../llm-stand-in/server.ts');

/** A server with the API of a language model and answers that are always the same. */
export const llmStandIn: TreeRecipe = {
  kind: 'tree',
  name: 'llm-stand-in',
  version: '1.0.0',
  from: ['base-node'],
  inputs: () => [server],
  defaults: { command: ['node', '/app/server.ts'] },
  build: async ({ root }) => {
    await copy(server, root, 'app/server.ts');
  },
};
