import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import S3rver from 's3rver';
import { S3Repository } from '../../../../services/inference/src/models/s3-repository.ts';
import { startServer, temporaryFolder } from '../support/server.ts';
import { writeTinyModel } from '../support/tiny-model.ts';

const BUCKET = 'models';
// What s3rver takes from everybody.
const CREDENTIALS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

describe('S3Repository', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let s3: S3rver;
  let endpoint: string;
  let client: S3Client;
  const repository = (prefix = 'encoders', bucket = BUCKET) =>
    new S3Repository({ bucket, prefix, endpoint, region: 'us-east-1', cache: join(folder.path, 'cache') });
  const put = async (key: string, body: Uint8Array | string): Promise<void> => {
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
  };
  /** Puts a model into the bucket as `encoders/<name>/<version>`. */
  const upload = async (name: string, version: string, leaveOut = ''): Promise<void> => {
    const path = await writeTinyModel(join(folder.path, 'made'), { name, version });
    const files = await readdir(path, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile() && entry.name !== leaveOut)) {
      const source = join(file.parentPath, file.name);
      await put(`encoders/${name}/${version}${source.slice(path.length)}`, await readFile(source));
    }
  };

  beforeAll(async () => {
    folder = await temporaryFolder();
    await mkdir(join(folder.path, 'store'));
    process.env.AWS_ACCESS_KEY_ID = CREDENTIALS.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = CREDENTIALS.secretAccessKey;
    s3 = new S3rver({
      port: 0,
      address: '127.0.0.1',
      silent: true,
      directory: join(folder.path, 'store'),
      configureBuckets: [{ name: BUCKET, configs: [] }],
    });
    const { port } = await s3.run();
    endpoint = `http://127.0.0.1:${port}`;
    client = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: CREDENTIALS,
      // The server of the test does not know checksums behind the body.
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
  });
  afterAll(async () => {
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    client.destroy();
    await s3.close();
    await folder.remove();
  });

  it('finds models and versions, and nothing else', async () => {
    await upload('tiny', '1');
    await upload('tiny', '10');
    await put('encoders/readme.txt', 'hello');
    await put('encoders/tiny/latest/model.onnx', 'x');
    await put('other/tiny/1/model.onnx', 'x');
    expect(await repository().find()).toEqual([
      { name: 'tiny', version: '1' },
      { name: 'tiny', version: '10' },
    ]);
    await expect(repository('encoders', 'nowhere').find()).rejects.toThrow(/bucket does not exist/i);
  });

  it('serves from a bucket, and loads what is uploaded later', async () => {
    const server = await startServer({ models: repository() });
    try {
      expect((await server.get('/health/ready')).status).toBe(200);
      const embed = () => server.post('/v1/embeddings', { model: 'tiny', input: 'hello' });
      expect((await embed()).headers['x-model-version']).toBe('10');
      await upload('tiny', '11', 'config.json');
      const failed = await server.post('/v2/repository/models/tiny/load', { parameters: { version: '11' } });
      expect(failed.status).toBe(422);
      expect(failed.body.error).toContain('config.json is missing');
      expect((await embed()).headers['x-model-version']).toBe('10');
      await upload('tiny', '11');
      expect((await server.post('/v2/repository/models/tiny/load', { parameters: { version: '11' } })).status).toBe(
        200,
      );
      expect((await embed()).headers['x-model-version']).toBe('11');
      // The folder of a version that is gone is given back.
      await server.post('/v2/repository/models/tiny/unload', { parameters: { version: '11' } });
      expect(await readdir(join(folder.path, 'cache/tiny/11'))).toEqual([]);
    } finally {
      await server.close();
    }
  });

  it('keeps what it has, and fetches what was changed beside it', async () => {
    const first = await repository().fetch({ name: 'tiny', version: '1' });
    await writeFile(join(first.path, 'kept'), '');
    expect((await repository().fetch({ name: 'tiny', version: '1' })).path).toBe(first.path);
    expect(await readdir(first.path)).toContain('kept');
    await put('encoders/tiny/1/notes.txt', 'changed');
    const second = await repository().fetch({ name: 'tiny', version: '1' });
    expect(second.path).not.toBe(first.path);
    expect(await readdir(second.path)).toContain('notes.txt');
    expect(await readdir(first.path)).not.toContain('notes.txt');
    await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'encoders/tiny/1/notes.txt' }));
  });

  it('says what is missing', async () => {
    await expect(repository().fetch({ name: 'tiny', version: '7' })).rejects.toThrow(
      's3://models/encoders/tiny/7 has no objects. Upload the model',
    );
  });
});
