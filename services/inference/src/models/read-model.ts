import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Model } from './model.ts';
import { readOnnxModel } from './read-onnx.ts';
import { readSafetensorsModel } from './read-safetensors.ts';
import type { ModelFolder } from './repository.ts';
import { readServing, type ServingOptions } from './serving.ts';

/** File names of the weights, the first that exists counts. The second is where exports of encoders have theirs. */
const ONNX_FILES = ['model.onnx', 'onnx/model.onnx'] as const;
const WEIGHTS = 'model.safetensors';

/** Used where neither the server's settings nor the version's own say anything. */
export const DEFAULT_SERVING: ServingOptions = { quantization: 'none', maxBatchRows: 0 };

let loads = 0;

/**
 * Reads a model from its folder: weights in safetensors form are imported, an ONNX graph is taken as it is.
 *
 * @throws Error with the file, what is wrong with it, and the cure
 */
export async function readModel(folder: ModelFolder, defaults: ServingOptions = DEFAULT_SERVING): Promise<Model> {
  const { name, version, path } = folder;
  const serving = await readServing(path, defaults);
  loads += 1;
  const identity = { name, version, key: `${name}/${version}#${loads}`, folder: path };
  for (const file of ONNX_FILES) {
    if (!(await exists(join(path, file)))) continue;
    if (serving.quantization !== 'none') {
      throw new Error(
        `${join(path, file)} is an ONNX graph, which is served as it is. Set "quantization" to "none" in ${join(path, 'serving.json')}, or quantise it before.`,
      );
    }
    return readOnnxModel(identity, file, serving);
  }
  return readSafetensorsModel(identity, WEIGHTS, serving);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
