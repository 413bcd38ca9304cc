import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { writeLargeSum, writeSum } from '../support/onnx-models.ts';
import { startServer, temporaryFolder } from '../support/server.ts';
import { writeTinyModel } from '../support/tiny-model.ts';

describe('a model whose files are links, as in a Hugging Face cache', () => {
  let root: Awaited<ReturnType<typeof temporaryFolder>>;
  let blobs: string;
  let models: string;
  beforeEach(async () => {
    root = await temporaryFolder();
    blobs = join(root.path, 'blobs');
    models = join(root.path, 'models');
    await mkdir(blobs);
  });
  afterEach(async () => root.remove());

  /** Moves a file to where its name says nothing, and leaves a link. */
  const link = async (file: string): Promise<void> => {
    const blob = join(blobs, Buffer.from(basename(file)).toString('hex'));
    await rename(file, blob);
    await symlink(blob, file);
  };

  it.each(['none', 'int8'])('serves a safetensors model, quantization %s', async (quantization) => {
    await writeTinyModel(models, { version: '1', serving: { quantization } });
    const linked = await writeTinyModel(models, { version: '2', serving: { quantization } });
    for (const file of ['model.safetensors', 'config.json', 'tokenizer.json']) await link(join(linked, file));
    const server = await startServer({ models });
    const vector = async (version: string) => {
      const inputs = [{ name: 'text', datatype: 'BYTES', shape: [1], data: ['hello world'] }];
      const outputs = [{ name: 'sentence_embedding' }];
      const { body } = await server.post(`/v2/models/tiny/versions/${version}/infer`, { inputs, outputs });
      return body.outputs?.[0].data;
    };
    const { reasons } = (await server.get('/health/ready')).body;
    const vectors = [await vector('1'), await vector('2')];
    await server.close();
    expect(reasons).toEqual([]);
    expect(vectors[0]).toHaveLength(32);
    expect(vectors[1]).toEqual(vectors[0]);
  });

  it('serves an ONNX model that has its weights in it', async () => {
    await link(join(await writeSum(models), 'model.onnx'));
    const server = await startServer({ models });
    const inputs = ['a', 'b'].map((name) => ({ name, datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }));
    const count = { name: 'count', datatype: 'INT64', shape: [1], data: [1] };
    const { body } = await server.post('/v2/models/sum/infer', { inputs: [...inputs, count] });
    await server.close();
    expect(body.outputs?.[0].data).toEqual([2, 4, 6]);
  });

  it('serves an ONNX model with its weights beside it, and says what to do where those are a link', async () => {
    const file = join(await writeLargeSum(models), 'model.onnx_data');
    const server = await startServer({ models });
    const inputs = [{ name: 'a', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }];
    const { body } = await server.post('/v2/models/large/infer', { inputs });
    await link(file);
    const loaded = await server.post('/v2/repository/models/large/load', { parameters: { version: '1' } });
    await rm(file);
    const missing = await server.post('/v2/repository/models/large/load', { parameters: { version: '1' } });
    await server.close();
    expect(body.outputs?.[0].data).toEqual([11, 22, 33]);
    expect([loaded.status, missing.status]).toEqual([422, 422]);
    expect(loaded.body.error).toMatch(/model\.onnx_data is a link to .*\/blobs\/.*with cp -rL/);
    expect(missing.body.error).toContain('model.onnx_data is missing');
  });
});
