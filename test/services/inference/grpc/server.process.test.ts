import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadService } from '../../../../services/inference/src/grpc/proto.ts';
import { startServer, temporaryFolder } from '../support/server.ts';
import { writeTinyModel } from '../support/tiny-model.ts';

type Message = Record<string, unknown>;

// The messages of the answers, as far as they are looked at.
interface InferAnswer extends Message {
  model_version: string;
  outputs: { name: string; datatype: string; shape: number[] }[];
  raw_output_contents: Buffer[];
}

describe('gRPC', () => {
  const service = loadService();
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: Awaited<ReturnType<typeof startServer>>;
  let client: Client;
  const call = <Answer extends Message>(name: string, message: Message, deadline?: number): Promise<Answer> => {
    const method = service[name];
    if (method === undefined) throw new Error(`no call ${name}`);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const serialize = (value: Message): Buffer => method.requestSerialize(value);
    // The loader decodes what the call answers with.
    const deserialize = (bytes: Buffer): Answer => method.responseDeserialize(bytes) as Answer;
    client.makeUnaryRequest(
      method.path,
      serialize,
      deserialize,
      message,
      deadline === undefined ? {} : { deadline },
      (error, value) => (error === null && value !== undefined ? resolve(value) : reject(error)),
    );
    return promise;
  };
  const texts = (...values: string[]) => ({
    name: 'text',
    datatype: 'BYTES',
    shape: [values.length],
    contents: { bytes_contents: values.map((value) => Buffer.from(value)) },
  });
  const much = Array.from({ length: 200 }, () => 'word '.repeat(60));
  const vectors = ({ raw_output_contents: [bytes = Buffer.alloc(0)] }: InferAnswer): number[] => [
    ...new Float32Array(Uint8Array.from(bytes).buffer),
  ];

  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeTinyModel(folder.path);
    await writeTinyModel(folder.path, { version: '2' });
    server = await startServer({ models: folder.path, start: [{ name: 'tiny', version: '1' }] });
    client = new Client(`127.0.0.1:${await server.grpc.listen('127.0.0.1', 0)}`, credentials.createInsecure());
  });
  afterAll(async () => {
    client.close();
    await server.close();
    await folder.remove();
  });

  it('answers the calls about the server and its models', async () => {
    expect(await call('ServerLive', {})).toEqual({ live: true });
    expect(await call('ServerReady', {})).toEqual({ ready: true });
    expect(await call('ModelReady', { name: 'tiny' })).toEqual({ ready: true });
    expect(await call('ModelReady', { name: 'tiny', version: '2' })).toEqual({ ready: false });
    expect(await call('ModelReady', { name: 'none' })).toEqual({ ready: false });
    expect(await call('ServerMetadata', {})).toMatchObject({ name: 'keelson-inference' });
    expect(await call('ModelMetadata', { name: 'tiny' })).toMatchObject({
      name: 'tiny',
      versions: ['1'],
      outputs: [
        { name: 'sentence_embedding', datatype: 'FP32', shape: [-1, 32] },
        { name: 'token_embeddings', datatype: 'FP32', shape: [-1, -1, 32] },
      ],
    });
  });

  it('computes typed and raw contents alike, and the outputs that are wanted', async () => {
    const outputs = [{ name: 'sentence_embedding' }];
    const typed = await call<InferAnswer>('ModelInfer', {
      model_name: 'tiny',
      inputs: [texts('hello', '你好')],
      outputs,
    });
    expect(typed).toMatchObject({ model_version: '1', outputs: [{ datatype: 'FP32', shape: [2, 32] }] });
    const ids = { name: 'input_ids', datatype: 'INT64', shape: [1, 3] };
    const raw = Buffer.from(BigInt64Array.of(2n, 7n, 3n).buffer);
    const answers = await Promise.all([
      call<InferAnswer>('ModelInfer', { model_name: 'tiny', inputs: [ids], raw_input_contents: [raw], outputs }),
      call<InferAnswer>('ModelInfer', {
        model_name: 'tiny',
        inputs: [{ ...ids, contents: { int64_contents: [2, 7, 3] } }],
        outputs,
      }),
    ]);
    expect(vectors(answers[0])).toEqual(vectors(answers[1]));
    const http = await server.post('/v1/embeddings', { model: 'tiny', input: ['hello', '你好'] });
    expect(vectors(typed)).toEqual([
      ...Float32Array.from(http.body.data.flatMap(({ embedding }: { embedding: number[] }) => embedding)),
    ]);
    const all = await call<InferAnswer>('ModelInfer', { model_name: 'tiny', id: 'x', inputs: [texts('hello')] });
    expect(all).toMatchObject({ id: 'x', outputs: [{ name: 'sentence_embedding' }, { name: 'token_embeddings' }] });
  });

  it.each([
    [{ model_name: 'none', inputs: [texts('a')] }, status.NOT_FOUND, 'model_not_found'],
    [{ model_name: 'tiny', model_version: '2', inputs: [texts('a')] }, status.UNAVAILABLE, 'model_not_ready'],
    [{ model_name: 'tiny', inputs: [{ ...texts('a'), shape: [2] }] }, status.INVALID_ARGUMENT, 'invalid_request'],
    [
      { model_name: 'tiny', inputs: [{ name: 'text', datatype: 'BYTES', shape: [1] }] },
      status.INVALID_ARGUMENT,
      'invalid_request',
    ],
    [
      { model_name: 'tiny', inputs: [texts('a')], raw_input_contents: [Buffer.alloc(1), Buffer.alloc(1)] },
      status.INVALID_ARGUMENT,
      'invalid_request',
    ],
    [
      // Only making tokens of so much text takes longer than the millisecond that a timer takes at least.
      { model_name: 'tiny', inputs: [texts(...much)], parameters: { timeout: { int64_param: 1 } } },
      status.DEADLINE_EXCEEDED,
      'request_timeout',
    ],
  ])('refuses %# with a status, and the code in the metadata', async (message, code, name) => {
    const error: ServiceError = await call('ModelInfer', message).then(
      () => Promise.reject(new Error('it was answered')),
      (reason: ServiceError) => reason,
    );
    expect(error.code).toBe(code);
    expect(error.metadata.get('error-code')).toEqual([name]);
  });

  it('says that the queue is full, and when to come back', async () => {
    const small = await startServer({
      models: folder.path,
      maxQueue: 1,
      threads: 1,
      start: [{ name: 'tiny', version: '1' }],
    });
    const port = await small.grpc.listen('127.0.0.1', 0);
    const before = client;
    client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, () => call('ModelInfer', { model_name: 'tiny', inputs: [texts(...much)] })),
    );
    client.close();
    client = before;
    await small.close();
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as ServiceError] : []));
    expect(refused[0]?.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(Number(refused[0]?.metadata.get('retry-after')[0])).toBeGreaterThan(0);
  });

  it('loads and unloads versions, and lists them', async () => {
    await call('RepositoryModelLoad', { model_name: 'tiny', parameters: { version: { string_param: '2' } } });
    expect(await call('RepositoryIndex', { ready: true })).toEqual({
      models: ['1', '2'].map((version) => ({ name: 'tiny', version, state: 'READY', reason: '' })),
    });
    await call('RepositoryModelUnload', { model_name: 'tiny', parameters: { version: { int64_param: 2 } } });
    expect(await call('RepositoryIndex', {})).toMatchObject({ models: [{ state: 'READY' }, { state: 'UNAVAILABLE' }] });
    await expect(call('RepositoryModelLoad', { model_name: 'none' })).rejects.toMatchObject({ code: status.NOT_FOUND });
  });
});
