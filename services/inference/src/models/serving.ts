import { join } from 'node:path';
import { type Json, readJson } from '../json.ts';

export const QUANTIZATIONS = ['none', 'int8'] as const;
export type Quantization = (typeof QUANTIZATIONS)[number];

/** How a version is served, beside what its files say. */
export interface ServingOptions {
  /** Precision of the large matrices of an imported encoder. */
  readonly quantization: Quantization;
  /** Most rows of a model with tensors of its own that are computed together; 0 computes each request by itself. */
  readonly maxBatchRows: number;
}

const FILE = 'serving.json';
const KEYS: readonly string[] = ['quantization', 'maxBatchRows'] satisfies (keyof ServingOptions)[];

/**
 * Reads `serving.json` from the folder of a version; what it does not say is as the server's settings have it.
 *
 * @throws Error with the file, the value and the cure
 */
export async function readServing(folder: string, defaults: ServingOptions): Promise<ServingOptions> {
  const path = join(folder, FILE);
  const json: Json = (await readJson(path)) ?? {};
  for (const key of Object.keys(json)) {
    if (!KEYS.includes(key)) throw new Error(`${path}: "${key}" is unknown. Use ${KEYS.join(' or ')}.`);
  }
  const { quantization = defaults.quantization, maxBatchRows = defaults.maxBatchRows } = json;
  const known = QUANTIZATIONS.find((name) => name === quantization);
  if (known === undefined) {
    throw new Error(`${path}: "quantization" is ${JSON.stringify(quantization)}. Use ${QUANTIZATIONS.join(' or ')}.`);
  }
  if (typeof maxBatchRows !== 'number' || !Number.isSafeInteger(maxBatchRows) || maxBatchRows < 0) {
    throw new Error(`${path}: "maxBatchRows" is ${JSON.stringify(maxBatchRows)}. Use a whole number from 0.`);
  }
  return { quantization: known, maxBatchRows };
}
