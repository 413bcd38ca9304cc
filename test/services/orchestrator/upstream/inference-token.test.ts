import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { InferenceClient } from '../../../../services/orchestrator/src/upstream/inference.ts';

let close: (() => void) | undefined;
afterEach(() => close?.());

/** What a server of embeddings is shown by a client with this token. */
async function shown(token: string | undefined): Promise<string | undefined> {
  let authorization: string | undefined;
  const server = createServer((request, response) => {
    authorization = request.headers.authorization;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: [{ index: 0, embedding: [1] }], usage: { prompt_tokens: 1 } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  const client = new InferenceClient({ url: `http://127.0.0.1:${port}`, model: 'm', dimension: 1, token });
  close = () => server.close();
  await client.embed(['text']);
  await client.close();
  return authorization;
}

it('shows the inference service the token that it wants', async () => {
  expect(await shown('Token_1')).toBe('Bearer Token_1');
});

it('shows nothing where none is wanted', async () => {
  expect(await shown(undefined)).toBeUndefined();
});
