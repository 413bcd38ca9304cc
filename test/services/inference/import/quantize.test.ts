import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cosine } from '../../../../services/inference/src/models/cosine.ts';
import { difference } from '../support/reference.ts';
import { startServer, temporaryFolder } from '../support/server.ts';
import { safetensors, tinyWeights, writeTinyModel } from '../support/tiny-model.ts';

const WORDS = ['hello', 'world', 'roll', 'back', 'specific', 'backup', 'family', 'score', 'how', 'do'];
const TEXTS = Array.from({ length: 60 }, (_, at) =>
  Array.from({ length: at }, (_, word) => WORDS[(at * 7 + word * 3) % WORDS.length]).join(' '),
);

describe('INT8', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: Awaited<ReturnType<typeof startServer>>;
  const embed = async (version: string, texts: readonly string[]): Promise<Float32Array[]> => {
    const { body } = await server.post(`/v2/models/tiny/versions/${version}/infer`, {
      inputs: [{ name: 'text', datatype: 'BYTES', shape: [texts.length], data: texts }],
      outputs: [{ name: 'sentence_embedding' }],
    });
    const [{ data }] = body.outputs;
    return texts.map((_, row) => Float32Array.from(data.slice(row * 32, (row + 1) * 32)));
  };
  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeTinyModel(folder.path);
    await writeTinyModel(folder.path, { version: '2', serving: { quantization: 'int8' } });
    server = await startServer({ models: folder.path });
  });
  afterAll(async () => {
    await server.close();
    await folder.remove();
  });

  it('stays close to 32 bits, and is not the same', async () => {
    const [exact, rounded] = [await embed('1', TEXTS), await embed('2', TEXTS)];
    const cosines = exact.map((vector, at) => cosine(vector, rounded[at] ?? new Float32Array()));
    expect(Math.min(...cosines)).toBeGreaterThan(0.99);
    expect(Math.min(...cosines)).toBeLessThan(0.999999);
  });

  it('gives a text the same vector whatever it is computed together with', async () => {
    const together = await embed('2', TEXTS);
    for (const at of [0, 1, 7, 30, 59]) {
      const [alone = new Float32Array()] = await embed('2', [TEXTS[at] ?? '']);
      expect(difference(alone, together[at] ?? [])).toBeLessThan(1e-5);
    }
  });

  it('refuses what it cannot round, and a precision that it does not know', async () => {
    const half = await writeTinyModel(folder.path, { name: 'half', serving: { quantization: 'int8' } });
    const bytes = safetensors(tinyWeights()).toString('latin1').replaceAll('"F32"', '"I32"');
    await writeFile(join(half, 'model.safetensors'), Buffer.from(bytes, 'latin1'));
    await writeTinyModel(folder.path, { name: 'four', serving: { quantization: 'int4' } });
    await writeTinyModel(folder.path, { name: 'typo', serving: { quantisation: 'int8' } });
    const reason = async (name: string) =>
      (await server.post(`/v2/repository/models/${name}/load`, {})).body.error as string;
    expect(await reason('half')).toMatch(/is stored as I32/);
    expect(await reason('four')).toMatch(/serving\.json: "quantization" is "int4"\. Use none or int8/);
    expect(await reason('typo')).toMatch(/serving\.json: "quantisation" is unknown/);
  });
});
