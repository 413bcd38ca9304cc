import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AppError } from '../../../../services/orchestrator/src/errors/app-error.ts';
import type {
  Admission,
  AdmissionPolicy,
  Settlement,
} from '../../../../services/orchestrator/src/gateway/admission.ts';
import type { GatewayCall, Target } from '../../../../services/orchestrator/src/gateway/call.ts';
import type { CachedAnswer, ResponseCache } from '../../../../services/orchestrator/src/gateway/response-cache.ts';
import { eventually } from '../../../support/processes.ts';
import type { Fault } from '../../../support/upstream/fault.ts';
import { RECORDINGS, TEXT } from '../../../support/upstream/recordings.ts';
import { type Dialect, FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { ask, hear } from '../support/ask.ts';
import { gatewayOver, type TestGateway, type TestProvider } from '../support/gateway.ts';

/** Notes everything that it is told. */
class Books implements AdmissionPolicy {
  readonly calls: GatewayCall[] = [];
  readonly settled: Settlement[] = [];
  readonly sent: Target[] = [];
  refunds = 0;
  refuse = false;

  admit(call: GatewayCall): Admission {
    this.calls.push(call);
    const headers = { 'x-ratelimit-remaining': '7' };
    if (this.refuse) return { admitted: false, error: new AppError('upstream_rate_limited'), headers };
    return {
      admitted: true,
      headers,
      sending: (target) => void this.sent.push(target),
      settle: (settlement) => void this.settled.push(settlement),
      refund: () => {
        this.refunds += 1;
      },
    };
  }

  /** How many calls were settled when it was said that all had ended. */
  settledBeforeDrain: number | undefined;
  async drain(): Promise<void> {
    this.settledBeforeDrain = this.settled.length;
  }
}

/** Keeps everything, by model. */
class Shelf implements ResponseCache {
  readonly kept = new Map<string, CachedAnswer>();
  takes = () => true;
  lookup = async ({ endpoint, model }: GatewayCall) => this.kept.get(`${endpoint} ${model}`);
  store = ({ endpoint, model }: GatewayCall, answer: CachedAnswer) =>
    void this.kept.set(`${endpoint} ${model}`, answer);
}

const upstream = new FaultyUpstream();
let books: Books;
let gateway: TestGateway;
beforeAll(() => upstream.start());
afterAll(() => upstream.stop());
beforeEach(() => {
  upstream.reset();
  books = new Books();
});
afterEach(() => gateway.close());

const price = { input: 3, cachedInput: 0.3, output: 15 };
const open = async (options: Partial<TestProvider> = {}, cache?: ResponseCache): Promise<void> => {
  gateway = await gatewayOver([{ upstream, model: { price }, ...options }], {
    breaker: { failures: 1e9 },
    gateway: { admission: books, failover: { retries: 0 }, ...(cache && { cache }) },
  });
};
/** 7 tokens at $3, 4 cached at $0.30 and 7 at $15 for a million. */
const cost = 7 * 3_000 + 4 * 300 + 7 * 15_000;

describe.each<Dialect>(['openai', 'anthropic'])('a call of a provider that speaks %s', (dialect) => {
  it.each([false, true])('is settled once, with tokens and cost (stream: %s)', async (stream) => {
    await open({ dialect });
    for (const endpoint of ['/v1/chat/completions', '/v1/messages'] as const) {
      books.settled.length = 0;
      const answer = await ask(gateway, { stream }, { endpoint });
      expect(answer.headers.get('x-ratelimit-remaining')).toBe('7');
      await answer.text();
      await eventually(() => expect(books.settled).toHaveLength(1));
      expect(books.settled[0]).toMatchObject({
        outcome: 'success',
        status: 200,
        attempts: 1,
        costNanoUsd: cost,
        target: { provider: 'local', tier: 0, model: 'up-small' },
        usage: { promptTokens: 11, completionTokens: 7, cachedTokens: 4, estimated: false },
      });
    }
    expect([books.calls.length, books.sent.length, books.refunds]).toEqual([2, 2, 0]);
    const metric = async (name: 'llmTokens' | 'llmCost') =>
      (await gateway.metrics[name].get()).values.map(({ value }) => value);
    expect(await metric('llmTokens')).toEqual([22, 14, 8]);
    expect((await metric('llmCost'))[0]).toBeCloseTo((2 * cost) / 1e9, 12);
  });
});

describe('a call', () => {
  it('is settled before the gateway has drained, also when its answer left only just before', async () => {
    await open();
    const request = { model: 'small', messages: [{ role: 'user' as const, content: 'hello' }] };
    const asker = { id: 'one', caller: 'alice', route: '/test', signal: AbortSignal.timeout(10_000) };
    await gateway.models.complete(request, asker).then(() => gateway.gateway.drain());
    expect(books.settledBeforeDrain).toBe(1);
  });

  it('reserves no less than it can cost', async () => {
    await open();
    await ask(gateway, { max_tokens: 50, n: 3 });
    const [call] = books.calls;
    expect(call).toMatchObject({ caller: 'alice', endpoint: 'chat', model: 'small', stream: false, private: false });
    expect(call?.estimate.completionTokens).toBe(150);
    expect(call?.estimate.costNanoUsd).toBe((call?.estimate.promptTokens ?? 0) * 3_000 + 150 * 15_000);
  });

  const failures: readonly [Fault, boolean, string, number][] = [
    [{ kind: 'status', status: 500 }, false, 'upstream_failed', 502],
    [{ kind: 'reset' }, true, 'upstream_failed', 502],
    [{ kind: 'status', status: 400 }, false, 'upstream_rejected', 400],
    [{ kind: 'hang' }, false, 'upstream_timeout', 504],
  ];
  it.each(failures)('that fails is settled once, at no cost: %j', async (fault, stream, outcome, status) => {
    await open({ timeouts: { answer: 100 } });
    upstream.fault = fault;
    await ask(gateway, { stream });
    expect(books.settled).toHaveLength(1);
    expect(books.settled[0]).toMatchObject({ outcome, status, usage: undefined, costNanoUsd: 0 });
    expect(books.refunds).toBe(0);
  });

  it('that breaks off costs what was said', async () => {
    await open();
    upstream.fault = { kind: 'cut', at: Buffer.byteLength(RECORDINGS.openai.text.stream) - 400 };
    await (await ask(gateway, { stream: true })).text();
    expect(books.settled).toHaveLength(1);
    const [{ outcome, usage, costNanoUsd } = { outcome: undefined, usage: undefined, costNanoUsd: 0 }] = books.settled;
    expect([outcome, usage?.estimated]).toEqual(['upstream_cut', true]);
    expect(costNanoUsd).toBeGreaterThan(0);
  });

  it('that no provider was asked for is given back', async () => {
    await open({ dialect: 'anthropic' });
    expect((await ask(gateway, { n: 2 })).status).toBe(400);
    expect([books.refunds, books.settled, upstream.asked.length]).toEqual([1, [], 0]);
  });

  it('that is refused asks nobody, and the answer has the headers of the refusal', async () => {
    books.refuse = true;
    await open();
    const answer = await ask(gateway);
    expect([answer.status, answer.headers.get('x-ratelimit-remaining'), upstream.asked.length]).toEqual([429, '7', 0]);
    expect([books.refunds, books.settled]).toEqual([0, []]);
  });
});

describe('an answer that was kept', () => {
  it.each([false, true])('is given again, whole or as a stream, at no cost (first as a stream: %s)', async (stream) => {
    const shelf = new Shelf();
    await open({}, shelf);
    await (await ask(gateway, { stream })).text();
    await eventually(() => expect(shelf.kept.size).toBe(1));
    const whole = await ask(gateway);
    expect([whole.headers.get('x-keelson-cache'), upstream.asked.length]).toEqual(['hit', 1]);
    expect(JSON.parse(await whole.text()).choices[0]).toMatchObject({
      message: { content: TEXT.join('') },
      finish_reason: 'stop',
    });
    const streamed = await ask(gateway, { stream: true });
    expect(hear(await streamed.text())).toEqual({ text: TEXT.join(''), complete: true, error: undefined });
    expect(books.settled.slice(1)).toMatchObject([
      { outcome: 'cached', attempts: 0, costNanoUsd: 0 },
      { outcome: 'cached', attempts: 0, costNanoUsd: 0 },
    ]);
    await ask(gateway, {}, { headers: { 'cache-control': 'no-cache' } });
    expect(upstream.asked).toHaveLength(2);
  });

  it('is never one that broke off', async () => {
    const shelf = new Shelf();
    await open({}, shelf);
    upstream.fault = { kind: 'unfinished' };
    await (await ask(gateway, { stream: true })).text();
    expect(shelf.kept.size).toBe(0);
  });
});
