import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  tokenVector,
  writeEcho,
  writeExportedClassifier,
  writeExportedEncoder,
  writeSum,
} from '../support/onnx-models.ts';
import { difference } from '../support/reference.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

describe('ONNX models', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeSum(folder.path);
    await writeSum(folder.path, { maxBatchRows: 64 }, 'batched');
    await writeEcho(folder.path);
    await writeExportedEncoder(folder.path);
    await writeExportedClassifier(folder.path);
    server = await startServer({ models: folder.path });
  });
  afterAll(async () => {
    await server.close();
    await folder.remove();
  });

  const row = (at: number) => ({
    inputs: [
      { name: 'a', datatype: 'FP32', shape: [1, 3], data: [at, 0, -at] },
      { name: 'b', datatype: 'FP32', shape: [1, 3], data: [[1, 2, 0.5]] },
      { name: 'count', datatype: 'INT64', shape: [1], data: [at] },
    ],
  });

  it('serves a model with the tensors that it declares', async () => {
    expect((await server.get('/v2/models/sum')).body).toMatchObject({
      platform: 'onnxruntime_onnx',
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [-1, 3] },
        { name: 'b', datatype: 'FP32', shape: [-1, 3] },
        { name: 'count', datatype: 'INT64', shape: [-1] },
      ],
      outputs: [
        { name: 'sum', datatype: 'FP32', shape: [-1, 3] },
        { name: 'twice', datatype: 'INT64', shape: [-1] },
      ],
    });
    const { body } = await server.post('/v2/models/sum/infer', row(7));
    expect(body.outputs).toEqual([
      { name: 'sum', datatype: 'FP32', shape: [1, 3], data: [8, 2, -6.5] },
      { name: 'twice', datatype: 'INT64', shape: [1], data: [14] },
    ]);
    const only = await server.post('/v2/models/sum/infer', { ...row(7), outputs: [{ name: 'twice' }] });
    expect(only.body.outputs).toHaveLength(1);
  });

  it('computes rows of several requests together where the model says that it may', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => server.post('/v2/models/batched/infer', row(at))),
    );
    for (const [at, { body }] of answers.entries()) {
      expect(body.outputs[0].data).toEqual([at + 1, 2, 0.5 - at]);
      expect(body.outputs[1].data).toEqual([2 * at]);
    }
    const metrics = await server.metrics();
    const [, sum = 0] = /^model_batch_size_sum\{model="batched",version="1"\} (\d+)$/m.exec(metrics) ?? [];
    const [, count = 0] = /^model_batch_size_count\{model="batched",version="1"\} (\d+)$/m.exec(metrics) ?? [];
    expect(Number(sum)).toBe(200);
    expect(Number(count)).toBeLessThan(100);
  });

  it('takes and gives every kind of element', async () => {
    const { body } = await server.post('/v2/models/echo/infer', {
      inputs: [
        { name: 'text', datatype: 'BYTES', shape: [2], data: ['你好', ''] },
        { name: 'half', datatype: 'FP16', shape: [3], data: [0.5, -2, 65504] },
        { name: 'truth', datatype: 'BOOL', shape: [2], data: [true, false] },
        { name: 'byte', datatype: 'UINT8', shape: [2], data: [0, 255] },
        { name: 'double', datatype: 'FP64', shape: [1], data: [0.1] },
      ],
    });
    expect(
      Object.fromEntries(body.outputs.map((output: { name: string; data: unknown }) => [output.name, output.data])),
    ).toEqual({
      text_back: ['你好', ''],
      half_back: [0.5, -2, 65504],
      truth_back: [true, false],
      byte_back: [0, 255],
      double_back: [0.1],
      texts: [2],
    });
  });

  const [a, b, count] = row(1).inputs;
  it.each([
    [[a, b], 'inputs', 'inputs lacks "count"'],
    [[a, b, count, { ...a, name: 'c' }], 'inputs[3].name', 'is not an input of "sum"'],
    [[{ ...a, datatype: 'FP64' }, b, count], 'inputs[0].datatype', 'does not fit "a"'],
    [[{ ...a, shape: [3] }, b, count], 'inputs[0].shape', 'is [3], which does not fit "a"'],
    [[{ ...a, data: [1, 2] }, b, count], 'inputs[0].data', 'has 2 values, but shape [1,3] has 3'],
    [[{ ...a, data: [1, 'x', 2] }, b, count], 'inputs[0].data[1]', 'is a text of 1 characters, not a number'],
    [[a, b, { ...count, data: [1.5] }], 'inputs[2].data[0]', 'is 1.5, not a whole number'],
  ])('refuses %#', async (inputs, path, message) => {
    const { status, body } = await server.post('/v2/models/sum/infer', { inputs });
    expect([status, body.path]).toEqual([400, path]);
    expect(body.error).toContain(message);
  });

  it('pools and normalises what an exported encoder gives for its tokens', async () => {
    const input = ['hello world', 'a', ''];
    const { body } = await server.post('/v1/embeddings', { model: 'exported', input });
    const model = server.context.registry.resolve('exported');
    if (model.task !== 'encoder') throw new Error('no encoder');
    for (const [index, text] of input.entries()) {
      const vectors = Array.from(model.tokenizer.encode(text, 64), tokenVector);
      const mean = vectors.reduce((sum, vector) => sum.map((value, at) => value + (vector[at] ?? 0)));
      const length = Math.hypot(...mean);
      expect(
        difference(
          body.data[index].embedding,
          mean.map((value) => value / length),
        ),
      ).toBeLessThan(1e-6);
    }
    expect((await server.get('/v2/models/exported')).body.inputs.map(({ name }: { name: string }) => name)).toEqual([
      'text',
      'input_ids',
      'attention_mask',
    ]);
  });

  it('reranks with an exported classifier', async () => {
    const { body } = await server.post('/v1/rerank', {
      model: 'judge',
      query: 'hello',
      documents: ['a', 'hello world how do', ''],
      raw_scores: true,
    });
    expect(body.results).toEqual([
      { index: 1, relevance_score: 5 },
      { index: 0, relevance_score: 2 },
      { index: 2, relevance_score: 1 },
    ]);
  });
});
