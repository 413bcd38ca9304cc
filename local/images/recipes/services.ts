import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DockerfileRecipe } from '../recipe.ts';

const repository = join(import.meta.dirname, '../../..');

/** One of the project's own services, from the Dockerfile that a build for a registry uses, on the local Node.js base. */
function service(name: string, modules: readonly string[]): DockerfileRecipe {
  const folder = join(repository, 'services', name);
  // The manifest of an npm package has a version.
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return {
    kind: 'dockerfile',
    name,
    version,
    from: ['base-node'],
    dockerfile: join(folder, 'Dockerfile'),
    context: repository,
    inputs: () => [
      join(folder, 'dist'),
      join(folder, 'package.json'),
      ...modules.map((path) => join(repository, 'node_modules', path)),
    ],
  };
}

/** The LLM and RAG gateway. */
export const orchestrator = service('orchestrator', []);

/** The inference server. ONNX Runtime is native code and cannot be bundled. */
export const inference = service('inference', [
  'onnxruntime-node/package.json',
  'onnxruntime-node/dist',
  'onnxruntime-node/bin/napi-v6/linux/x64',
  'onnxruntime-common',
]);
