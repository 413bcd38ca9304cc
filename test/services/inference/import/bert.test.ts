import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readModel } from '../../../../services/inference/src/models/read-model.ts';
import { safetensors, TINY, tinyWeights, writeTinyModel } from '../support/tiny-model.ts';

describe('readModel', () => {
  let root: string;
  let path: string;
  const read = async () => {
    const model = await readModel({ name: 'tiny', version: '1', path });
    if (model.task === 'tensors') throw new Error('read as a model with tensors of its own');
    return model;
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'inference-'));
    path = await writeTinyModel(root);
  });
  afterEach(() => rm(root, { recursive: true }));

  it('describes the encoder and keeps the weights in their file', async () => {
    const { description, graph } = await read();
    expect(description).toMatchObject({
      hiddenSize: 32,
      window: 64,
      maxPositions: 96,
      pooling: 'mean',
      normalize: true,
    });
    expect(graph.byteLength).toBeLessThan(50_000);
  });

  it('takes a plain encoder without modules.json as mean pooling, not normalised', async () => {
    await rm(join(path, 'modules.json'));
    expect((await read()).description).toMatchObject({ pooling: 'mean', normalize: false });
  });

  it('pools the first token where the model says so', async () => {
    await writeFile(join(path, '1_Pooling/config.json'), JSON.stringify({ pooling_mode_cls_token: true }));
    expect((await read()).description.pooling).toBe('cls');
  });

  const change = async (file: string, values: object): Promise<void> =>
    writeFile(join(path, file), JSON.stringify(file === 'config.json' ? { ...TINY, ...values } : values));

  it.each([
    ['config.json', { model_type: 'gpt2' }, /config.json: "model_type" is "gpt2"; this server imports bert/],
    ['config.json', { hidden_act: 'gelu_new' }, /"hidden_act" is "gelu_new"/],
    ['config.json', { num_attention_heads: 5 }, /"hidden_size" 32 is no multiple of "num_attention_heads" 5/],
    ['config.json', { num_hidden_layers: 3 }, /has no tensor "encoder.layer.2.attention.self.query.weight"/],
    [
      'config.json',
      { intermediate_size: 128 },
      /"encoder.layer.0.intermediate.dense.weight" is \[64,32\], but config.json needs \[128,32\]/,
    ],
    [
      'modules.json',
      [{ type: 'sentence_transformers.models.Dense', path: '' }],
      /Dense" is not one of Transformer, Pooling/,
    ],
    ['1_Pooling/config.json', { pooling_mode_max_tokens: true }, /pooling_mode_max_tokens\. Only the mean/],
  ])('refuses %s with %j', async (file, values, message) => {
    await change(file, values);
    await expect(read()).rejects.toThrow(message);
  });

  it.each(['config.json', 'tokenizer.json', 'model.safetensors'])('names %s when it is missing', async (file) => {
    await rm(join(path, file));
    await expect(read()).rejects.toThrow(file);
  });

  it('notices weights that were copied only in part', async () => {
    const whole = safetensors(tinyWeights());
    await writeFile(join(path, 'model.safetensors'), whole.subarray(0, whole.length - 100));
    await expect(read()).rejects.toThrow(
      /model\.safetensors ends at \d+ bytes, before the tensor .* Copy the model again/,
    );
    await writeFile(join(path, 'model.safetensors'), whole.subarray(0, 100));
    await expect(read()).rejects.toThrow(/announces a header of/);
    await writeFile(join(path, 'model.safetensors'), 'x');
    await expect(read()).rejects.toThrow(/shorter than its length field/);
  });

  it('refuses a type of weights that it cannot compute with', async () => {
    const whole = safetensors(tinyWeights()).toString('latin1').replaceAll('"F32"', '"I32"');
    await writeFile(join(path, 'model.safetensors'), Buffer.from(whole, 'latin1'));
    await expect(read()).rejects.toThrow(/is stored as I32\. Save the model as F32, F16 or BF16/);
  });
});
