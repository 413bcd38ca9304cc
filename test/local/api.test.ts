import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { call, describeError, findApi } from '../../local/api.ts';
import { type Paths, resolvePaths } from '../../local/paths.ts';

let folder: string;
let paths: Paths;
let server: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keelson-api-'));
  paths = resolvePaths({ HOME: folder });
});
afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

async function serve(listener: RequestListener): Promise<URL> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  // An address and port, as it listens on one.
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

describe('findApi', () => {
  it('says that the platform was never started', () => {
    expect(() => findApi(paths)).toThrow(
      'http://127.0.0.1:8000: the platform is not started on this machine. Start it: npm start',
    );
  });

  it('reads the token that the start left', () => {
    mkdirSync(paths.secrets, { recursive: true });
    writeFileSync(paths.apiToken, 'secret-token\n');
    expect(findApi(paths)).toEqual({ url: new URL('http://127.0.0.1:8000'), token: 'secret-token' });
  });

  it('takes another address with its own token, and never sends the local one there', () => {
    mkdirSync(paths.secrets, { recursive: true });
    writeFileSync(paths.apiToken, 'secret-token');
    expect(findApi(paths, 'http://elsewhere:80', {}).token).toBe('');
    expect(findApi(paths, 'http://elsewhere:80', { KEELSON_API_TOKEN: 'other' }).token).toBe('other');
    expect(() => findApi(paths, 'elsewhere')).toThrow('--url: "elsewhere" is not an http address');
  });
});

describe('call', () => {
  it('sends the token and the content, and gives the body', async () => {
    const url = await serve((request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () =>
        response.end(JSON.stringify({ path: request.url, auth: request.headers.authorization, text })),
      );
    });
    expect(await call({ url, token: 't' }, 'POST', '/api/v1/query', { query: 'ü' })).toEqual({
      path: '/api/v1/query',
      auth: 'Bearer t',
      text: '{"query":"ü"}',
    });
  });

  it("passes the orchestrator's own words on", async () => {
    const url = await serve((_request, response) => {
      response.statusCode = 401;
      response.end(JSON.stringify({ error: { message: 'Unknown token.', cure: 'Send one of the secret.' } }));
    });
    await expect(call({ url, token: 't' }, 'POST', '/x')).rejects.toMatchObject({
      message: `POST ${url.href}x: 401 Unknown token.. Send one of the secret.`,
      exitCode: 1,
    });
  });

  it('says that nothing answers, with the exit code for it', async () => {
    const url = await serve(() => undefined);
    server?.close();
    await expect(call({ url, token: 't' }, 'POST', '/x')).rejects.toMatchObject({
      message: `${url.origin}: the platform is not running. Start it: npm start`,
      exitCode: 69,
    });
  });

  it('says so when the connection breaks in the middle of the answer', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{');
      setTimeout(() => response.destroy(), 20);
    });
    await expect(call({ url, token: 't' }, 'POST', '/x')).rejects.toThrow(
      'the platform is gone in the middle of its answer',
    );
  });
});

describe('describeError', () => {
  it('shows what something else than the orchestrator says', () => {
    expect(describeError({ status: 502, body: 'Bad gateway' })).toEqual({
      value: '502 Bad gateway',
      cure: 'See its state with: npm run status',
    });
  });
});
