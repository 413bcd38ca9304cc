import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RetryBudget } from '../../../../services/orchestrator/src/providers/retry-budget.ts';
import { eventually } from '../../../support/processes.ts';
import type { Fault } from '../../../support/upstream/fault.ts';
import { TEXT } from '../../../support/upstream/recordings.ts';
import { FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { alice, operator } from '../support/app.ts';
import { ask, errorOf, hear } from '../support/ask.ts';
import { gatewayOver, type TestGateway, type TestProvider } from '../support/gateway.ts';

const [local, cloud, dearer] = [new FaultyUpstream(), new FaultyUpstream(), new FaultyUpstream()];
const all = [local, cloud, dearer];
let gateway: TestGateway | undefined;
beforeAll(() => Promise.all(all.map((each) => each.start())));
afterAll(() => Promise.all(all.map((each) => each.stop())));
beforeEach(() => {
  for (const each of all) each.reset();
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
});

const three: readonly TestProvider[] = [
  { upstream: dearer, name: 'dearer', tier: 2, dialect: 'anthropic' },
  { upstream: local, name: 'local', tier: 0, timeouts: { headers: 200, answer: 200 } },
  { upstream: cloud, name: 'cloud', tier: 1 },
];
const open = async (options: Parameters<typeof gatewayOver>[1] = {}, providers = three): Promise<TestGateway> => {
  gateway = await gatewayOver(providers, options);
  return gateway;
};
const asked = () => all.map((each) => each.asked.length);
const servedBy = (answer: Response) => [
  answer.status,
  answer.headers.get('x-keelson-provider'),
  answer.headers.get('x-keelson-tier'),
];
const failures: readonly Fault[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 429, headers: { 'retry-after': '60' } },
  { kind: 'status', status: 401 },
  { kind: 'status', status: 404 },
  { kind: 'reset' },
  { kind: 'hang' },
  { kind: 'cut', at: 20 },
];

describe('tiers', () => {
  it('are asked from the most local one on', async () => {
    expect(servedBy(await ask(await open()))).toEqual([200, 'local', '0']);
    expect(asked()).toEqual([1, 0, 0]);
  });

  it.each(failures)('give way to the next one after $kind $status', async (fault) => {
    local.fault = fault;
    cloud.fault = { kind: 'status', status: 500 };
    const made = await open();
    for (const stream of [false, true]) {
      const answer = await ask(made, { stream });
      expect(servedBy(answer)).toEqual([200, 'dearer', '2']);
      const text = await answer.text();
      expect(stream ? hear(text).text : JSON.parse(text).choices[0].message.content).toBe(TEXT.join(''));
    }
  });

  it('are not changed for a request that is itself wrong', async () => {
    local.fault = { kind: 'status', status: 400 };
    const answer = await ask(await open());
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'upstream_rejected']);
    expect(asked()).toEqual([1, 0, 0]);
  });

  it('are not changed when the request names a provider', async () => {
    cloud.fault = { kind: 'status', status: 500 };
    const answer = await ask(await open(), { model: 'cloud/small' });
    expect(answer.status).toBe(502);
    expect(asked()).toEqual([0, 2, 0]);
  });

  it('are skipped where a provider cannot say what is asked', async () => {
    local.fault = { kind: 'status', status: 500 };
    cloud.fault = { kind: 'status', status: 500 };
    const answer = await ask(await open(), { n: 2 });
    // Anthropic's API has no word for two answers: the last provider that could is the one that failed.
    expect([answer.status, asked()[2]]).toEqual([502, 0]);
    const alone = await gatewayOver(three.slice(0, 1));
    const refused = await ask(alone, { n: 2 });
    await alone.close();
    expect([refused.status, await errorOf(refused)]).toEqual([
      400,
      expect.objectContaining({ code: 'not_supported', param: 'body.n' }),
    ]);
  });

  it('share the work among providers of one tier', async () => {
    local.fault = { kind: 'hang' };
    const made = await open({}, [
      { upstream: local, name: 'a', timeouts: { answer: 2_000 } },
      { upstream: cloud, name: 'b' },
    ]);
    const leave = new AbortController();
    const first = ask(made, {}, { signal: leave.signal }).catch(() => undefined);
    await eventually(() => expect(local.asked).toHaveLength(1));
    expect(servedBy(await ask(made))).toEqual([200, 'b', '0']);
    leave.abort();
    await first;
  });
});

describe('a private request', () => {
  const marks: readonly [string, object, Record<string, string>][] = [
    ['in the body', { private: true }, {}],
    ['in a header', {}, { 'x-keelson-private': 'true' }],
  ];
  describe.each(marks)('marked %s', (_where, fields, headers) => {
    it.each(failures)('reaches no cloud provider after $kind $status', async (fault) => {
      local.fault = fault;
      const made = await open({ breaker: { failures: 3, openMs: 60_000 } });
      for (const endpoint of ['/v1/chat/completions', '/v1/messages'] as const)
        for (const stream of [false, true])
          for (let time = 0; time < 2; time += 1) {
            const answer = await ask(made, { stream, ...fields }, { endpoint, headers });
            expect(answer.status).toBeGreaterThanOrEqual(429);
            await answer.text();
          }
      expect(asked().slice(1)).toEqual([0, 0]);
    });
  });

  it('is refused where no provider of the model is private, and where the mark is unclear', async () => {
    const made = await open({}, three.slice(0, 1));
    const refused = await ask(made, { private: true });
    expect([refused.status, (await errorOf(refused)).code]).toEqual([400, 'private_unavailable']);
    const unclear = await ask(made, {}, { headers: { 'x-keelson-private': 'yes' } });
    expect([unclear.status, (await errorOf(unclear)).param]).toEqual([400, 'headers.x-keelson-private']);
    expect(asked()).toEqual([0, 0, 0]);
  });

  it('is not told to the provider', async () => {
    await ask(await open(), { private: true });
    expect(local.asked[0]?.body).not.toHaveProperty('private');
  });
});

describe('retries', () => {
  it('ask the same provider once more after a failure at once', async () => {
    local.next.push({ kind: 'status', status: 500 });
    expect(servedBy(await ask(await open()))).toEqual([200, 'local', '0']);
    expect(asked()).toEqual([2, 0, 0]);
  });

  it('wait for Retry-After when there is nobody else, and not for long', async () => {
    const made = await open({}, [{ upstream: local }]);
    local.next.push({ kind: 'status', status: 429, headers: { 'retry-after': '1' } });
    const started = performance.now();
    expect((await ask(made)).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThanOrEqual(1_000);
    local.next.push({ kind: 'status', status: 429, headers: { 'retry-after': '30' } });
    const refused = await ask(made);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30']);
    // It said when to come back: until then it is left alone.
    const again = await ask(made);
    expect([again.status, again.headers.get('retry-after')]).toEqual([429, '30']);
    expect(asked()).toEqual([3, 0, 0]);
  });

  it('end when the process has spent its budget', async () => {
    local.fault = { kind: 'status', status: 500 };
    const budget = new RetryBudget({ perCall: 0, most: 2 });
    const made = await open({ breaker: { failures: 1_000 }, gateway: { failover: { budget } } }, [{ upstream: local }]);
    for (let time = 0; time < 5; time += 1) expect((await ask(made)).status).toBe(502);
    expect(local.asked).toHaveLength(5 + 2);
  });

  it('end with the attempts of one call', async () => {
    for (const each of all) each.fault = { kind: 'status', status: 500 };
    expect((await ask(await open({ gateway: { failover: { attempts: 3 } } }))).status).toBe(502);
    // Those who were not asked yet come before a second try.
    expect(asked()).toEqual([1, 1, 1]);
  });
});

describe('a breaker', () => {
  const breaker = { failures: 3, openMs: 300 };

  it('keeps calls away from a provider that fails, lets one through to see, and closes', async () => {
    const made = await open({ breaker, gateway: { failover: { retries: 0 } } }, [{ upstream: local }]);
    local.fault = { kind: 'status', status: 500 };
    for (let time = 0; time < 3; time += 1) expect((await ask(made)).status).toBe(502);
    const refused = await ask(made);
    expect([refused.status, (await errorOf(refused)).code]).toEqual([503, 'backends_unavailable']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(local.asked).toHaveLength(3);
    const stateOf = async () => (await made.metrics.breakerState.get()).values.map(({ value }) => value);
    expect(await stateOf()).toEqual([2]);
    local.fault = { kind: 'none' };
    await eventually(async () => expect((await ask(made)).status).toBe(200));
    expect(await stateOf()).toEqual([0]);
  });

  it('is each provider’s own', async () => {
    const made = await open({ breaker: { failures: 2, openMs: 60_000 } });
    local.fault = { kind: 'status', status: 500 };
    for (let time = 0; time < 5; time += 1) expect(servedBy(await ask(made))).toEqual([200, 'cloud', '1']);
    expect(local.asked).toHaveLength(2);
  });

  it('counts streams that break off after their beginning', async () => {
    const made = await open({ breaker: { failures: 2, share: 0.1, openMs: 60_000 } }, [{ upstream: local }]);
    local.fault = { kind: 'unfinished' };
    for (let time = 0; time < 2; time += 1)
      expect(hear(await (await ask(made, { stream: true })).text()).complete).toBe(false);
    expect((await ask(made, { stream: true })).status).toBe(503);
  });

  it('is shown with tier, latency and the last failure', async () => {
    const made = await open({ breaker: { failures: 2, openMs: 60_000 } });
    local.fault = { kind: 'status', status: 500 };
    await ask(made);
    expect((await fetch(`${made.url}/admin/providers`, { headers: alice })).status).toBe(403);
    const answer = await fetch(`${made.url}/admin/providers`, { headers: operator });
    const { providers } = (await answer.json()) as { providers: object[] }; // Checked below.
    expect(providers).toMatchObject([
      { name: 'local', tier: 0, breaker: 'open', lastError: { code: 'upstream_failed' }, latencyMs: { samples: 0 } },
      { name: 'cloud', tier: 1, breaker: 'closed', lastError: null, latencyMs: { samples: 1 } },
      { name: 'dearer', tier: 2, kind: 'anthropic', breaker: 'closed' },
    ]);
  });
});
