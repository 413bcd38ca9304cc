import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import OpenAI from 'openai';
import { ReferenceEncoder } from './support/reference.ts';
import { cosine, referencePython } from './support/reference-python.ts';
import { temporaryFolder } from './support/server.ts';
import { type RunningServer, startProcess } from './support/server-process.ts';
import { TINY, tinyWeights, writeTinyModel } from './support/tiny-model.ts';

const TEXTS = ['hello world', 'How do I roll back to a specific backup?', '你好 мир', ''];
const IDS = [
  [2, 10, 11, 3],
  [2, 12, 3],
];
const SIZE = TINY.hidden_size;

interface Vectors {
  readonly shape: readonly number[];
  readonly type: string;
  readonly data: readonly number[];
}

/** What fixtures/clients.py prints of each protocol. */
interface Seen {
  readonly live: boolean;
  readonly ready: boolean;
  readonly modelReady: boolean;
  readonly server: { readonly name: string; readonly extensions: readonly string[] };
  readonly model: { readonly name: string; readonly inputs: readonly { readonly name: string }[] };
  readonly binary: Vectors;
  readonly ids64: Vectors;
  readonly ids32: Vectors;
  readonly outputs: readonly string[];
  readonly tokens: Vectors;
  readonly subset: readonly string[];
  readonly named: string;
  readonly unknown: { readonly status: string; readonly message: string } | null;
}

interface SeenOverHttp extends Seen {
  readonly index: readonly { readonly name: string; readonly state: string }[];
  readonly json: Vectors;
  readonly gzip: Vectors;
  readonly async: readonly Vectors[];
}

interface SeenOverGrpc extends Seen {
  readonly late: { readonly status: string } | null;
}

const rowsOf = ({ shape, data }: Vectors): number[][] => {
  const [rows = 0, size = 0] = shape;
  return Array.from({ length: rows }, (_, row) => data.slice(row * size, (row + 1) * size));
};

describe('clients of the ecosystem, as they are', () => {
  const encoder = new ReferenceEncoder(tinyWeights());
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: RunningServer;
  let client: OpenAI;
  let expected: number[][];
  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeTinyModel(folder.path);
    server = await startProcess({ MODEL_DIR: folder.path, THREADS: '1', LOG_LEVEL: 'warn' });
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const { data } = await server.post<{ data: { embedding: number[] }[] }>('/v1/embeddings', {
      model: 'tiny',
      input: TEXTS,
    });
    expected = data.map(({ embedding }) => embedding);
  });
  afterAll(async () => {
    await server?.stop();
    await folder?.remove();
  });

  const same = (vectors: readonly (readonly number[])[], other: readonly (readonly number[])[]): void => {
    expect(vectors.length).toBe(other.length);
    for (const [index, vector] of vectors.entries())
      expect(cosine(vector, other[index] ?? [])).toBeGreaterThan(0.999999);
  };

  describe('openai from npm', () => {
    it('embeds texts; it asks for base64 by itself and decodes it', async () => {
      const { data, usage, model } = await client.embeddings.create({ model: 'tiny', input: TEXTS });
      same(
        data.map(({ embedding }) => embedding),
        expected,
      );
      expect(data.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
      expect(model).toBe('tiny');
      expect(usage.prompt_tokens).toBeGreaterThan(TEXTS.length);
    });

    it('embeds one text, and numbers where it is told to', async () => {
      const { data } = await client.embeddings.create({
        model: 'tiny',
        input: TEXTS[0] ?? '',
        encoding_format: 'float',
      });
      same(
        data.map(({ embedding }) => embedding),
        expected.slice(0, 1),
      );
    });

    it('embeds token ids', async () => {
      const { data } = await client.embeddings.create({ model: 'tiny', input: IDS });
      same(
        data.map(({ embedding }) => embedding),
        IDS.map((ids) => encoder.sentence(ids)),
      );
    });

    it('lists the models', async () => {
      const ids: string[] = [];
      for await (const { id } of client.models.list()) ids.push(id);
      expect(ids).toEqual(['tiny']);
    });

    it('gets the errors that it knows', async () => {
      const unknown = client.embeddings.create({ model: 'nothing', input: 'a' });
      await expect(unknown).rejects.toBeInstanceOf(OpenAI.NotFoundError);
      await expect(unknown).rejects.toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
      const empty = client.embeddings.create({ model: 'tiny', input: [] });
      await expect(empty).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    });
  });

  describe('tritonclient from PyPI', () => {
    let seen: { readonly http: SeenOverHttp; readonly grpc: SeenOverGrpc };
    beforeAll(async () => {
      const python = await referencePython();
      const script = join(import.meta.dirname, 'fixtures/clients.py');
      const addresses = [server.url.replace('http://', ''), server.grpc];
      const { stdout } = await execa(python, [script, ...addresses, 'tiny', JSON.stringify(TEXTS)]);
      // The script says what it prints.
      seen = JSON.parse(stdout) as typeof seen;
    }, 5 * 60_000);

    it.each(['http', 'grpc'] as const)('finds server and model, %s', (protocol) => {
      const { live, ready, modelReady, server: found, model } = seen[protocol];
      expect({ live, ready, modelReady }).toEqual({ live: true, ready: true, modelReady: true });
      expect(found.name).toMatch(/keelson/i);
      expect(model.name).toBe('tiny');
      expect(model.inputs.map(({ name }) => name)).toContain('text');
    });

    it.each(['http', 'grpc'] as const)('gets embeddings of texts in binary tensors, %s', (protocol) => {
      const { binary } = seen[protocol];
      expect(binary).toMatchObject({ shape: [TEXTS.length, SIZE], type: 'float32' });
      same(rowsOf(binary), expected);
    });

    it('gets them in JSON, compressed, and asynchronously over HTTP', () => {
      const { json, gzip, async: each } = seen.http;
      same(rowsOf(json), expected);
      same(rowsOf(gzip), expected);
      same(each.flatMap(rowsOf), expected);
    });

    it.each(['http', 'grpc'] as const)('gets embeddings of token ids of both widths, %s', (protocol) => {
      const reference = IDS.map((ids) => encoder.sentence(ids));
      same(rowsOf(seen[protocol].ids64), reference);
      same(rowsOf(seen[protocol].ids32), reference);
    });

    it.each(['http', 'grpc'] as const)('gets all outputs, or those that it asks for, %s', (protocol) => {
      const { outputs, subset, tokens } = seen[protocol];
      expect(outputs).toEqual(['sentence_embedding', 'token_embeddings']);
      expect(subset).toEqual(['sentence_embedding']);
      expect(tokens.shape).toEqual([TEXTS.length, expect.any(Number), SIZE]);
    });

    it.each(['http', 'grpc'] as const)('gets its own id back from the version that it names, %s', (protocol) =>
      expect(seen[protocol].named).toBe('mine'),
    );

    it('gets errors as its own', () => {
      expect(seen.http.unknown).toMatchObject({ status: '404', message: expect.stringContaining('nothing') });
      expect(seen.grpc.unknown).toMatchObject({
        status: 'StatusCode.NOT_FOUND',
        message: expect.stringContaining('nothing'),
      });
      expect(seen.grpc.late).toMatchObject({ status: 'StatusCode.DEADLINE_EXCEEDED' });
    });

    it('lists the repository', () =>
      expect(seen.http.index).toMatchObject([{ name: 'tiny', version: '1', state: 'READY' }]));
  });
});
