import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadTokenizer } from '../../../services/inference/src/tokenizer/load.ts';
import type { Tokenizer } from '../../../services/inference/src/tokenizer/tokenizer.ts';
import { VERSION } from '../../../services/inference/src/version.ts';
import { difference, ReferenceEncoder } from './support/reference.ts';
import { startServer, temporaryFolder } from './support/server.ts';
import { tinyWeights, writeTinyModel } from './support/tiny-model.ts';

const TEXTS = ['', 'a', 'hello world', 'How do I roll back to a specific backup?', '你好 мир', 'word '.repeat(200)];
const PACKAGE = join(import.meta.dirname, '../../../services/inference/package.json');
const embeddings = '/v1/embeddings';
const infer = '/v2/models/tiny/infer';

describe('the server with a tiny model', () => {
  const weights = tinyWeights();
  const reference = new ReferenceEncoder(weights);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: Awaited<ReturnType<typeof startServer>>;
  let tokenizer: Tokenizer;
  const idsOf = (text: string): number[] => [...tokenizer.encode(text, 64)];
  const embed = async (input: unknown, extra = {}) => server.post(embeddings, { model: 'tiny', input, ...extra });
  const inferText = (data: unknown, extra = {}) =>
    server.post(infer, {
      inputs: [{ name: 'text', datatype: 'BYTES', shape: [Array.isArray(data) ? data.length : 0], data }],
      ...extra,
    });

  beforeAll(async () => {
    folder = await temporaryFolder();
    const path = await writeTinyModel(folder.path, { weights });
    tokenizer = await loadTokenizer(join(path, 'tokenizer.json'));
    server = await startServer({ models: folder.path });
  });
  afterAll(async () => {
    await server.close();
    await folder.remove();
  });

  describe('POST /v1/embeddings', () => {
    it('gives what the formulas of BERT give, whatever is computed together', async () => {
      const { status, body } = await embed(TEXTS);
      expect(status).toBe(200);
      expect(body).toMatchObject({ object: 'list', model: 'tiny' });
      const tokens = TEXTS.reduce((sum, text) => sum + idsOf(text).length, 0);
      expect(body.usage).toEqual({ prompt_tokens: tokens, total_tokens: tokens });
      for (const [index, text] of TEXTS.entries()) {
        expect(body.data[index]).toMatchObject({ object: 'embedding', index });
        expect(difference(body.data[index].embedding, reference.sentence(idsOf(text)))).toBeLessThan(2e-6);
        const alone = await embed(text);
        expect(difference(alone.body.data[0].embedding, body.data[index].embedding)).toBeLessThan(1e-6);
      }
    });

    it('gives every one of many concurrent requests its own rows', async () => {
      const words = ['hello', 'world', 'roll', 'back', 'specific', 'backup', 'family', 'score'];
      const requests = Array.from({ length: 60 }, (_, at) =>
        Array.from({ length: 1 + (at % 7) }, (_, row) =>
          words
            .slice(0, 1 + ((at * 3 + row) % 8))
            .join(' ')
            .repeat(1 + (at % 4)),
        ),
      );
      const answers = await Promise.all(requests.map((input) => embed(input)));
      for (const [at, { body }] of answers.entries()) {
        const expected = requests[at] ?? [];
        expect(body.data).toHaveLength(expected.length);
        for (const [row, text] of expected.entries()) {
          expect(difference(body.data[row].embedding, reference.sentence(idsOf(text)))).toBeLessThan(1e-5);
        }
      }
    });

    it('gives 32-bit floats in base64 on request', async () => {
      const [plain, encoded] = await Promise.all([embed('hello'), embed('hello', { encoding_format: 'base64' })]);
      const bytes = Uint8Array.from(Buffer.from(encoded.body.data[0].embedding, 'base64'));
      expect([...new Float32Array(bytes.buffer)]).toEqual([...Float32Array.from(plain.body.data[0].embedding)]);
    });

    it('takes token ids as they are, one list or several', async () => {
      const ids = idsOf('hello world');
      const [text, one, several] = await Promise.all([embed('hello world'), embed(ids), embed([ids, [5, 6]])]);
      expect(one.body.data).toEqual(text.body.data);
      expect(several.body.data).toHaveLength(2);
      expect(difference(several.body.data[1].embedding, reference.sentence([5, 6]))).toBeLessThan(2e-6);
    });

    it('writes a large answer in pieces, and whole', async () => {
      const { body } = await embed(
        Array.from({ length: 1000 }, (_, at) => `word ${at}`),
        { dimensions: 32 },
      );
      expect(body.data).toHaveLength(1000);
      expect(difference(body.data[999].embedding, reference.sentence(idsOf('word 999')))).toBeLessThan(1e-5);
    });

    it.each([
      [{ model: 'tiny', input: ['a', 5] }, 400, 'input[1]', 'input[1] is 5: it must be string'],
      [{ model: 'tiny', input: [] }, 400, 'input', 'input is a list of 0'],
      [{ model: 'tiny' }, 400, 'body', 'body lacks the field "input"'],
      [{ model: 7, input: 'a' }, 400, 'model', 'model is 7: it must be string'],
      [{ model: 'tiny', input: 'a', dimensions: 16 }, 400, 'dimensions', 'dimensions is 16, but "tiny" gives 32'],
      [
        { model: 'tiny', input: 'a', encoding_format: 'hex' },
        400,
        'encoding_format',
        'is "hex", which is not one of float, base64',
      ],
      [{ model: 'tiny', input: [1, 9999] }, 400, 'input[1]', 'input[1] is 9999, which is no token of "tiny"'],
      [
        { model: 'tiny', input: [[1], Array(97).fill(1)] },
        400,
        'input[1]',
        'input[1] has 97 tokens, but "tiny" takes 96',
      ],
      [{ model: 'other', input: 'a' }, 404, 'model', 'the model "other" is not served here; served: "tiny"'],
    ])('refuses %j', async (payload, status, param, message) => {
      const { status: actual, body } = await server.post(embeddings, payload);
      expect(actual).toBe(status);
      expect(body.error).toMatchObject({ type: 'invalid_request_error', param, cure: expect.any(String) });
      expect(body.error.message).toContain(message);
    });

    it('refuses more inputs than OpenAI takes', async () => {
      const { status, body } = await embed(Array(2049).fill('a'));
      expect([status, body.error.param]).toEqual([400, 'input']);
      expect(body.error.message).toContain('input has 2049 rows, more than 2048');
    });

    it('refuses a body that is no JSON without repeating it, and one that is too large', async () => {
      const headers = { 'content-type': 'application/json' };
      const broken = await server.app.inject({
        method: 'POST',
        url: embeddings,
        headers,
        payload: '{"input":"my secret',
      });
      expect([broken.statusCode, broken.json().error.code]).toEqual([400, 'invalid_json']);
      expect(broken.body).not.toContain('secret');
      const large = await server.post(embeddings, { model: 'tiny', input: 'x'.repeat(1_000_001) });
      expect([large.status, large.body.error.code]).toEqual([413, 'body_too_large']);
    });
  });

  describe('POST /v2/models/{model}/infer', () => {
    it('computes texts, and gives all outputs when none is named', async () => {
      const { status, body } = await inferText(['hello world', 'a'], { id: 'r-1' });
      expect(status).toBe(200);
      expect(body).toMatchObject({ model_name: 'tiny', model_version: '1', id: 'r-1' });
      const [sentence, tokens] = body.outputs;
      const ids = [idsOf('hello world'), idsOf('a')];
      const longest = ids[0]?.length ?? 0;
      expect(sentence).toMatchObject({ name: 'sentence_embedding', datatype: 'FP32', shape: [2, 32] });
      expect(tokens).toMatchObject({ name: 'token_embeddings', datatype: 'FP32', shape: [2, longest, 32] });
      expect(
        difference(
          sentence.data,
          ids.flatMap((row) => reference.sentence(row)),
        ),
      ).toBeLessThan(1e-5);
      const padded = ids.flatMap((row) => [
        ...reference.tokens(row).flat(),
        ...Array((longest - row.length) * 32).fill(0),
      ]);
      expect(difference(tokens.data, padded)).toBeLessThan(1e-5);
    });

    it('gives the outputs that are named, and no others', async () => {
      const { body } = await inferText(['a'], { outputs: [{ name: 'sentence_embedding' }] });
      expect(body.outputs.map(({ name }: { name: string }) => name)).toEqual(['sentence_embedding']);
    });

    it('computes tokens with mask and types, flat or nested, padding and gaps included', async () => {
      const ids = [
        [2, 7, 8, 9, 3, 0],
        [2, 10, 3, 0, 0, 0],
      ];
      const mask = [
        [1, 1, 0, 1, 1, 0],
        [1, 1, 1, 0, 0, 0],
      ];
      const types = [
        [0, 0, 0, 1, 1, 0],
        [0, 0, 0, 0, 0, 0],
      ];
      const tensor = (name: string, data: unknown[]) => ({ name, datatype: 'INT64', shape: [2, 6], data });
      const inputs = [tensor('input_ids', ids), tensor('attention_mask', mask.flat()), tensor('token_type_ids', types)];
      const all = await server.post(`/v2/models/tiny/versions/1/infer`, { inputs });
      const only = await server.post(infer, { inputs, outputs: [{ name: 'sentence_embedding' }] });
      const expected = ids.flatMap((row, at) => reference.sentence(row, mask[at], types[at]));
      expect(difference(all.body.outputs[0].data, expected)).toBeLessThan(1e-5);
      expect(difference(only.body.outputs[0].data, expected)).toBeLessThan(1e-5);
      const tokens = ids.flatMap((row, at) => reference.tokens(row, mask[at], types[at]).flat());
      expect(difference(all.body.outputs[1].data, tokens)).toBeLessThan(1e-5);
    });

    const text = { name: 'text', datatype: 'BYTES', shape: [1], data: ['a'] };
    const ids = { name: 'input_ids', datatype: 'INT64', shape: [1, 2], data: [2, 3] };
    it.each([
      [{ inputs: [] }, 'inputs', 'inputs is a list of 0'],
      [{ inputs: [text, ids] }, 'inputs', 'inputs has both "text" and "input_ids"'],
      [{ inputs: [{ ...text, name: 'txt' }] }, 'inputs[0].name', 'is not an input of this model'],
      [{ inputs: [{ ...text, datatype: 'FP32' }] }, 'inputs[0].datatype', 'does not fit "text"'],
      [{ inputs: [{ ...text, shape: [2] }] }, 'inputs[0].data', 'has 1 values, but shape [2] has 2'],
      [{ inputs: [{ ...text, data: [1] }] }, 'inputs[0].data[0]', 'is 1, not a text'],
      [{ inputs: [{ ...text, shape: [1, 1, 1] }] }, 'inputs[0].shape', 'is [1,1,1]'],
      [{ inputs: [{ ...ids, data: [2, 'x'] }] }, 'inputs[0].data[1]', 'is a text of 1 characters, not a whole number'],
      [{ inputs: [{ ...ids, shape: [2] }] }, 'inputs[0].shape', 'is [2]'],
      [{ inputs: [ids, { ...ids, name: 'attention_mask', shape: [2, 1] }] }, 'inputs[1].shape', 'is [2,1]'],
      [{ inputs: [ids, { ...ids, name: 'attention_mask', data: [1, 2] }] }, 'inputs[1].data[1]', 'is 2'],
      [{ inputs: [{ ...text, shape: 'x' }] }, 'inputs[0].shape', 'it must be array'],
      [{ inputs: [text], outputs: [{ name: 'logits' }] }, 'outputs[0].name', 'is not an output of "tiny"'],
    ])('refuses %j', async (payload, path, message) => {
      const { status, body } = await server.post(infer, payload);
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: 'invalid_request', path, cure: expect.any(String) });
      expect(body.error).toContain(message);
    });
  });

  it('describes itself and its models in the Open Inference Protocol', async () => {
    expect(VERSION).toBe(JSON.parse(await readFile(PACKAGE, 'utf8')).version);
    expect((await server.get('/v2')).body).toMatchObject({
      name: 'keelson-inference',
      version: VERSION,
      extensions: expect.arrayContaining(['model_repository', 'binary_tensor_data']),
    });
    expect((await server.get('/v2/health/live')).body).toEqual({ live: true });
    expect((await server.get('/v2/health/ready')).body).toEqual({ ready: true });
    const metadata = (await server.get('/v2/models/tiny')).body;
    expect(metadata).toMatchObject({ name: 'tiny', versions: ['1'] });
    expect(metadata.inputs[0]).toEqual({ name: 'text', datatype: 'BYTES', shape: [-1] });
    expect(metadata.outputs[0]).toEqual({ name: 'sentence_embedding', datatype: 'FP32', shape: [-1, 32] });
    expect((await server.get('/v2/models/tiny/versions/1/ready')).body).toEqual({ name: 'tiny', ready: true });
    expect((await server.get('/v2/models/tiny/versions/2/ready')).status).toBe(404);
    const index = [{ name: 'tiny', version: '1', state: 'READY', reason: '' }];
    expect((await server.get('/v2/repository/index')).body).toEqual(index);
    expect((await server.post('/v2/repository/index', { ready: true })).body).toEqual(index);
    expect((await server.app.inject({ method: 'POST', url: '/v2/repository/index' })).json()).toEqual(index);
  });

  it('lists the models as OpenAI does', async () => {
    const { body } = await server.get('/v1/models');
    expect(body).toEqual({
      object: 'list',
      data: [{ id: 'tiny', object: 'model', created: expect.any(Number), owned_by: 'keelson' }],
    });
  });

  it('answers the probes, and is not ready while it drains', async () => {
    for (const probe of ['', '/live', '/ready', '/startup']) {
      expect(await server.get(`/health${probe}`)).toMatchObject({ status: 200, body: { status: 'ok', reasons: [] } });
    }
    server.context.lifecycle.draining = true;
    const ready = await server.get('/health/ready');
    const live = await server.get('/health/live');
    server.context.lifecycle.draining = false;
    expect(ready).toMatchObject({ status: 503, headers: { connection: 'close' }, body: { status: 'draining' } });
    expect(live.status).toBe(200);
  });

  it('counts in its metrics what it does', async () => {
    await embed(['a', 'b']);
    const { body: text } = await server.app.inject({ method: 'GET', url: '/metrics' });
    expect(text).toMatch(/^model_loaded\{model="tiny",version="1"\} 1$/m);
    expect(text).toMatch(/^model_queue_depth\{model="tiny",version="1"\} 0$/m);
    expect(text).toMatch(/^model_inference_duration_seconds_count\{model="tiny",version="1"\} [1-9]/m);
    expect(text).toMatch(/^model_batch_size_sum\{model="tiny",version="1"\} [1-9]/m);
    expect(text).toMatch(/^http_requests_total\{method="POST",route="\/v1\/embeddings",status="200"\} [1-9]/m);
  });

  it('describes every route in its OpenAPI document, and shows it', async () => {
    const { body } = await server.get('/docs/json');
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([embeddings, '/v2/models/{model}/infer', '/metrics', '/health/ready']),
    );
    const page = await server.app.inject({ method: 'GET', url: '/docs' });
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.body).not.toMatch(/https?:\/\//);
  });

  it('gives an address that does not exist the catalogue’s error, and keeps a request id', async () => {
    const response = await server.app.inject({ method: 'GET', url: '/nowhere', headers: { 'x-request-id': 'abc-1' } });
    expect(response.statusCode).toBe(404);
    expect(response.headers['x-request-id']).toBe('abc-1');
    expect(response.json().error).toMatchObject({ code: 'not_found', cure: expect.any(String) });
  });
});

describe('the server in trouble', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: Awaited<ReturnType<typeof startServer>> | undefined;
  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeTinyModel(folder.path);
    await mkdir(join(folder.path, 'tiny/2'));
  });
  afterAll(async () => {
    await server?.close();
    await folder.remove();
  });

  it('is not ready, with the reason, when a version cannot be loaded, and serves the others', async () => {
    server = await startServer({ models: folder.path, maxQueue: 40, requestTimeoutSeconds: 1 });
    const ready = await server.get('/health/ready');
    expect(ready.status).toBe(503);
    expect(ready.body.reasons).toEqual([expect.stringMatching(/^tiny\/2: .*config\.json is missing/)]);
    expect((await server.get('/v2/health/ready')).status).toBe(503);
    expect((await server.get('/health/startup')).status).toBe(200);
    expect((await server.get('/v2/repository/index')).body[1]).toMatchObject({ version: '2', state: 'UNAVAILABLE' });
    const asked = await server.post('/v2/models/tiny/versions/2/infer', {
      inputs: [{ name: 'text', datatype: 'BYTES', shape: [1], data: ['a'] }],
    });
    expect([asked.status, asked.body.code]).toEqual([503, 'model_not_ready']);
    expect((await server.post(embeddings, { model: 'tiny', input: 'a' })).status).toBe(200);
  });

  it('answers 429 with Retry-After when the queue is full', async () => {
    const long = Array.from({ length: 40 }, () => 'word '.repeat(64));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => server?.post(embeddings, { model: 'tiny', input: long })),
    );
    const refused = answers.filter((answer) => answer?.status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.filter((answer) => answer?.status === 200).length).toBeGreaterThan(0);
    expect(refused[0]?.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(refused[0]?.body.error).toMatchObject({ code: 'queue_full', type: 'rate_limit_error' });
    const metrics = await server?.app.inject({ method: 'GET', url: '/metrics' });
    expect(metrics?.body).toMatch(/^model_queue_rejections_total\{model="tiny",version="1"\} [1-9]/m);
  });
});
