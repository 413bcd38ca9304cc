import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../support/processes.ts';
import type { Fault } from '../../../support/upstream/fault.ts';
import { type Dialect, FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { ask } from '../support/ask.ts';
import { gatewayOver, type TestGateway } from '../support/gateway.ts';

const upstream = new FaultyUpstream();
let gateway: TestGateway;
beforeAll(() => upstream.start());
afterAll(() => upstream.stop());
beforeEach(() => upstream.reset());
afterEach(() => gateway.close());

const faults: readonly Fault[] = [
  { kind: 'none' },
  { kind: 'status', status: 400 },
  { kind: 'status', status: 400, body: '{"error":{"message":"canary-x","code":"canary-code","param":"canary-param"}}' },
  { kind: 'status', status: 429, headers: { 'retry-after': 'canary', 'x-upstream': 'canary-upstream' } },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 302, headers: { location: 'http://127.0.0.1:1/canary' } },
  { kind: 'reset' },
  { kind: 'cut', at: 10 },
  { kind: 'malformed', event: 2 },
  { kind: 'unfinished' },
];

describe.each<Dialect>(['openai', 'anthropic'])('with a provider that speaks %s', (dialect) => {
  it.each(faults)(
    'no log, metric or error holds a prompt, a key, a token or a header: $kind $status',
    async (fault) => {
      gateway = await gatewayOver([{ upstream, dialect }], { breaker: { failures: 1e9 } });
      upstream.fault = fault;
      let answers = '';
      let requests = 0;
      for (const endpoint of ['/v1/chat/completions', '/v1/messages'] as const)
        for (const stream of [false, true]) {
          const answer = await ask(
            gateway,
            { stream, user: 'canary-user', metadata: { user_id: 'canary-user' } },
            { endpoint },
          );
          answers += `${await answer.text()}${JSON.stringify([...answer.headers])}`;
          requests += 1;
        }
      await eventually(() => expect(gateway.logs().match(/"event":"request"/g)).toHaveLength(requests));
      expect(gateway.logs() + (await gateway.metrics.registry.metrics()) + answers).not.toMatch(/canary|token-of/);
    },
  );

  it('a provider gets its own key, and no header of the caller that it was not promised', async () => {
    gateway = await gatewayOver([{ upstream, dialect, forwardHeaders: ['x-wanted'] }]);
    const headers = {
      cookie: 'canary-cookie',
      'x-forwarded-for': '10.1.2.3',
      'x-wanted': 'yes',
      'x-portkey-custom-host': 'http://canary',
      'x-upstream-url': 'http://canary',
    };
    await ask(gateway, { base_url: 'http://127.0.0.1:1' }, { headers });
    const [asked] = upstream.asked;
    expect(asked?.headers).toMatchObject({
      'x-wanted': 'yes',
      ...(dialect === 'openai' ? { authorization: 'Bearer canary-key' } : { 'x-api-key': 'canary-key' }),
    });
    expect(JSON.stringify(asked?.headers).replaceAll('canary-key', '')).not.toMatch(/canary|token-of|10\.1\.2\.3/);
    expect(Object.keys(asked?.headers ?? {}).sort()).toEqual(
      [
        'accept',
        ...(dialect === 'openai' ? ['authorization'] : ['anthropic-version', 'x-api-key']),
        'connection',
        'content-length',
        'content-type',
        'host',
        'x-wanted',
      ].sort(),
    );
  });

  it('a redirect is not followed', async () => {
    gateway = await gatewayOver([{ upstream, dialect }], { gateway: { failover: { retries: 0 } } });
    upstream.fault = { kind: 'status', status: 307, headers: { location: `${upstream.url}/elsewhere` } };
    expect((await ask(gateway)).status).toBe(502);
    expect(upstream.asked).toHaveLength(1);
  });
});

describe('what a caller sends', () => {
  it.each([
    ['too large a body', { messages: [{ role: 'user', content: 'x'.repeat(17 * 2 ** 20) }] }, 413],
    ['no messages', { messages: [] }, 400],
    ['a stream that is a text', { stream: 'canary' }, 400],
    ['a limit of nothing', { max_tokens: 0 }, 400],
    ['options of the wrong kind', { stream_options: 'canary' }, 400],
  ])('%s is refused before any provider is asked', async (_what, fields, status) => {
    gateway = await gatewayOver([{ upstream }]);
    const answer = await ask(gateway, fields);
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain('canary');
    expect(upstream.asked).toHaveLength(0);
  });

  it('is refused when as many calls are under way as may be', async () => {
    gateway = await gatewayOver([{ upstream }], { gateway: { maxInFlight: 1 } });
    upstream.fault = { kind: 'hang' };
    const leave = new AbortController();
    const first = ask(gateway, {}, { signal: leave.signal }).catch(() => undefined);
    await eventually(() => expect(upstream.asked).toHaveLength(1));
    const second = await ask(gateway);
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1']);
    leave.abort();
    await first;
    upstream.fault = { kind: 'none' };
    await eventually(async () => expect((await ask(gateway)).status).toBe(200));
  });
});
