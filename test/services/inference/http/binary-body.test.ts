import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, temporaryFolder } from '../support/server.ts';
import { writeTinyModel } from '../support/tiny-model.ts';

const HEADER = 'inference-header-content-length';
const url = '/v2/models/tiny/infer';

/** A text with its length in front. */
function bytesOf(...texts: string[]): Buffer {
  return Buffer.concat(
    texts.map((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(text));
      return Buffer.concat([length, Buffer.from(text)]);
    }),
  );
}

describe('binary tensors over HTTP', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: Awaited<ReturnType<typeof startServer>>;
  const send = async (
    json: object,
    binary: Buffer,
    headers: Record<string, string> = {},
    coding?: 'gzip' | 'deflate',
  ) => {
    const head = Buffer.from(JSON.stringify(json));
    const body = Buffer.concat([head, binary]);
    const payload = coding === undefined ? body : coding === 'gzip' ? gzipSync(body) : deflateSync(body);
    return server.app.inject({
      method: 'POST',
      url,
      headers: { [HEADER]: String(head.byteLength), ...(coding && { 'content-encoding': coding }), ...headers },
      payload,
    });
  };
  const text = (size: number, shape = [2]) => ({
    name: 'text',
    datatype: 'BYTES',
    shape,
    parameters: { binary_data_size: size },
  });
  const plain = async (texts: string[]) =>
    (
      await server.post(url, {
        inputs: [{ name: 'text', datatype: 'BYTES', shape: [texts.length], data: texts }],
        outputs: [{ name: 'sentence_embedding' }],
      })
    ).body.outputs[0].data;
  const floatsOf = (bytes: Buffer): number[] => [...new Float32Array(Uint8Array.from(bytes).buffer)];

  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeTinyModel(folder.path);
    server = await startServer({ models: folder.path });
  });
  afterAll(async () => {
    await server.close();
    await folder.remove();
  });

  it.each([undefined, 'gzip', 'deflate'] as const)('reads them, compressed as %s', async (coding) => {
    const binary = bytesOf('hello world', '你好');
    const outputs = [{ name: 'sentence_embedding' }];
    const response = await send({ inputs: [text(binary.byteLength)], outputs }, binary, {}, coding);
    expect(response.statusCode).toBe(200);
    expect(response.json().outputs[0].data).toEqual(await plain(['hello world', '你好']));
  });

  it('writes those outputs that are wanted so, and the others in JSON', async () => {
    const binary = bytesOf('hello world');
    const response = await send(
      {
        id: '7',
        inputs: [text(binary.byteLength, [1])],
        outputs: [{ name: 'token_embeddings', parameters: { binary_data: true } }, { name: 'sentence_embedding' }],
      },
      binary,
    );
    const length = Number(response.headers[HEADER]);
    const json = JSON.parse(response.rawPayload.toString('utf8', 0, length));
    expect(json).toMatchObject({ model_name: 'tiny', model_version: '1', id: '7' });
    const [tokens, sentence] = json.outputs;
    expect(tokens).not.toHaveProperty('data');
    const rest = response.rawPayload.subarray(length);
    expect(tokens.parameters.binary_data_size).toBe(rest.byteLength);
    expect(floatsOf(rest)).toHaveLength(tokens.shape.reduce((size: number, axis: number) => size * axis));
    expect(sentence.data).toEqual(await plain(['hello world']));
  });

  it('writes all outputs so when the request says it once', async () => {
    const binary = bytesOf('a');
    const response = await send(
      { inputs: [text(binary.byteLength, [1])], parameters: { binary_data_output: true } },
      binary,
    );
    const length = Number(response.headers[HEADER]);
    const json = JSON.parse(response.rawPayload.toString('utf8', 0, length));
    const sizes = json.outputs.map(
      (output: { parameters: { binary_data_size: number } }) => output.parameters.binary_data_size,
    );
    expect(sizes[0] + sizes[1]).toBe(response.rawPayload.byteLength - length);
    const first = floatsOf(response.rawPayload.subarray(length, length + sizes[0]));
    expect(first).toEqual([...Float32Array.from(await plain(['a']))]);
  });

  it('reads tokens of 32 and of 64 bits, wherever in the body they lie', async () => {
    const ids = BigInt64Array.of(2n, 7n, 3n);
    const mask = Int32Array.of(1, 1, 1);
    const inputs = [
      { name: 'input_ids', datatype: 'INT64', shape: [1, 3], parameters: { binary_data_size: 24 } },
      { name: 'attention_mask', datatype: 'INT32', shape: [1, 3], parameters: { binary_data_size: 12 } },
    ];
    const outputs = [{ name: 'sentence_embedding' }];
    const binary = Buffer.concat([Buffer.from(ids.buffer), Buffer.from(mask.buffer)]);
    const expected = await server.post(url, {
      inputs: [{ name: 'input_ids', datatype: 'INT64', shape: [1, 3], data: [2, 7, 3] }],
      outputs,
    });
    // One to four spaces more move the bytes to every alignment.
    for (const pad of ['', ' ', '  ', '   ']) {
      const head = Buffer.from(JSON.stringify({ inputs, outputs }) + pad);
      const response = await server.app.inject({
        method: 'POST',
        url,
        headers: { [HEADER]: String(head.byteLength) },
        payload: Buffer.concat([head, binary]),
      });
      expect(response.json().outputs[0].data).toEqual(expected.body.outputs[0].data);
    }
  });

  const two = bytesOf('a', 'b');
  it.each([
    [{ inputs: [text(99)] }, two, {}, 'inputs[0].parameters.binary_data_size', '99 bytes, but 10 follow the JSON'],
    [{ inputs: [text(5)] }, two.subarray(0, 5), {}, 'inputs[0]', 'has 1 texts, but shape [2] has 2'],
    [{ inputs: [text(9)] }, two.subarray(0, 9), {}, 'inputs[0]', 'a broken number of texts'],
    [{ inputs: [text(10, [1])] }, Buffer.concat([two, two]), {}, 'inputs.parameters.binary_data_size', '10 are left'],
    [{ inputs: [{ ...text(10), parameters: {} }] }, two, {}, 'inputs[0]', 'lacks the field "data"'],
    [{ inputs: [text(10)] }, two, { [HEADER]: '99999' }, HEADER, 'is not the length of the JSON'],
    [{ inputs: [text(10)] }, two, { 'content-encoding': 'br' }, 'content-encoding', 'compressed as "br"'],
    [{ inputs: [text(10)] }, two, { 'content-encoding': 'gzip' }, 'body', 'cannot be decompressed'],
  ])('refuses %#', async (json, binary, headers, path, message) => {
    const response = await send(json, binary, headers as Record<string, string>);
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(response.statusCode).toBeLessThan(500);
    expect(response.json()).toMatchObject({ path, error: expect.stringContaining(message) });
  });

  it('counts what comes out of a compressed body against the limit', async () => {
    const response = await send({ inputs: [text(10)] }, Buffer.alloc(5_000_000), {}, 'gzip');
    expect([response.statusCode, response.json().code]).toEqual([413, 'body_too_large']);
  });
});
