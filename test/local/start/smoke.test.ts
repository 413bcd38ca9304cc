import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { problemOf, smokeTest } from '../../../local/start/smoke.ts';
import { platforms } from '../../../stacks/platforms/index.ts';
import type { Platform } from '../../../stacks/platforms/platform.ts';

let server: Server;
let port = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    const isCaller = request.headers.authorization === 'Bearer Token_1';
    response.writeHead(isCaller && request.url === '/fine' ? 200 : 404).end(JSON.stringify({ path: request.url }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address of this form.
  port = (server.address() as AddressInfo).port;
});

afterAll(() => {
  server.close();
});

const relay = (name: string, number: number) => ({ name, port: number, target: name, targetPort: number });

async function run(checks: Platform['checks']) {
  const platform = { ...platforms['multi-agent-rag'], checks };
  const results = await smokeTest(platform, [relay('api', port), relay('gone', 1)], 'Token_1');
  return results.map(({ problem }) => problem);
}

describe('smokeTest', () => {
  it('asks each with the token, and tells what is wrong', async () => {
    const what = 'it works';
    expect(
      await run([
        { what, component: 'api', path: '/fine', has: '/fine' },
        { what, component: 'api', path: '/missing' },
        { what, component: 'gone', path: '/' },
        { what, component: 'other', path: '/' },
      ]),
    ).toEqual([
      undefined,
      expect.stringContaining('404 instead of 200'),
      expect.stringContaining('0 instead of 200'),
      'no port of this machine leads to other',
    ]);
  });
});

describe('problemOf', () => {
  const check = { what: '', component: '', path: '', has: 'yes' };

  it.each([
    [{ status: 200, body: { answer: 'yes' } }, undefined],
    [{ status: 200, body: 'no' }, expect.stringContaining('"yes" is not in the answer')],
    [{ status: 500, body: 'yes' }, expect.stringContaining('500 instead of 200')],
  ])('of %j is %s', (answer, expected) => {
    expect(problemOf(check, answer)).toEqual(expected);
  });
});
