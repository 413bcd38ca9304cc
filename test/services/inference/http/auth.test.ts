import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadService } from '../../../../services/inference/src/grpc/proto.ts';
import { startServer, temporaryFolder } from '../support/server.ts';
import { writeTinyModel } from '../support/tiny-model.ts';

const TOKEN = 'the-right-one';

describe('a server with a token', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: Awaited<ReturnType<typeof startServer>>;
  const ask = (url: string, authorization?: string) =>
    server.app.inject({ method: 'GET', url, headers: { ...(authorization && { authorization }) } });
  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeTinyModel(folder.path);
    server = await startServer({ models: folder.path, authToken: TOKEN });
  });
  afterAll(async () => {
    await server.close();
    await folder.remove();
  });

  it.each(['/health', '/health/live', '/health/ready', '/health/startup', '/v2/health/ready', '/metrics'])(
    'answers %s without it',
    async (url) => {
      expect((await ask(url)).statusCode).toBe(200);
    },
  );

  it.each(['/v1/models', '/v2', '/v2/models/tiny', '/v2/repository/index', '/healthy', '/metrics-of-others', '/docs'])(
    'refuses %s without it, or with another',
    async (url) => {
      for (const header of [undefined, 'Bearer another', `Basic ${TOKEN}`, 'Bearer']) {
        const answer = await ask(url, header);
        expect(answer.statusCode).toBe(401);
        expect(answer.headers['www-authenticate']).toBe('Bearer');
        expect(answer.body).toContain('Authorization: Bearer <token>');
        expect(answer.body).not.toContain(TOKEN);
      }
    },
  );

  it('answers who shows it, in either protocol', async () => {
    const answer = await ask('/v1/models', `Bearer ${TOKEN}`);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).not.toHaveProperty('www-authenticate');
    const { ServerMetadata: method, ServerLive: live } = loadService();
    if (method === undefined || live === undefined) throw new Error('no such call');
    const client = new Client(`127.0.0.1:${await server.grpc.listen('127.0.0.1', 0)}`, credentials.createInsecure());
    const call = (path: string, token?: string): Promise<number> =>
      new Promise((resolve) => {
        const metadata = new Metadata();
        if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
        client.makeUnaryRequest(
          path,
          () => Buffer.alloc(0),
          Boolean,
          {},
          metadata,
          (error) => resolve(error?.code ?? 0),
        );
      });
    expect(await call(method.path)).toBe(status.UNAUTHENTICATED);
    expect(await call(method.path, 'another')).toBe(status.UNAUTHENTICATED);
    expect(await call(method.path, TOKEN)).toBe(status.OK);
    expect(await call(live.path)).toBe(status.OK);
    client.close();
  });
});
