import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../support/processes.ts';
import type { Fault } from '../../../support/upstream/fault.ts';
import { RECORDINGS } from '../../../support/upstream/recordings.ts';
import { FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { ask } from '../support/ask.ts';
import { gatewayOver, type TestGateway } from '../support/gateway.ts';

const upstream = new FaultyUpstream();
let gateway: TestGateway;
beforeAll(() => upstream.start());
afterAll(() => upstream.stop());
beforeEach(async () => {
  upstream.reset();
  // One failure would open the breaker.
  gateway = await gatewayOver([{ upstream }], { breaker: { failures: 1, openMs: 600_000 } });
});
afterEach(() => gateway.close());

const middle = Buffer.byteLength(RECORDINGS.openai.text.stream) - 400;
const moments: readonly [string, boolean, Fault][] = [
  ['before the headers of a stream', true, { kind: 'hang' }],
  ['before the first content of a stream', true, { kind: 'stall', at: 10 }],
  ['in the middle of a stream', true, { kind: 'stall', at: middle }],
  ['before the answer', false, { kind: 'hang' }],
  ['in the middle of the answer', false, { kind: 'stall', at: 20 }],
];

describe('a client that leaves', () => {
  it.each(moments)('%s: the provider sees it within 100 ms, the breaker does not', async (_when, stream, fault) => {
    const tries = 3;
    let best = Number.POSITIVE_INFINITY;
    for (let time = 1; time <= tries; time += 1) {
      upstream.next.push(fault);
      const leave = new AbortController();
      const asked = ask(gateway, { stream }, { signal: leave.signal }).catch(() => undefined);
      await eventually(() => expect(upstream.asked).toHaveLength(time));
      if (fault.kind === 'stall' && fault.at === middle) await (await asked)?.body?.getReader().read();
      const left = performance.now();
      leave.abort();
      // Awaited however long it takes. A busy machine can hold up one of them, and not all.
      best = Math.min(best, ((await upstream.asked.at(-1)?.gone) ?? Number.NaN) - left);
      await asked;
      await eventually(() => expect(gateway.logs().match(/"status":499/g)).toHaveLength(time));
    }
    expect(best).toBeLessThan(100);
    const counted = (await gateway.metrics.llmRequests.get()).values.map(({ labels, value }) => [
      labels.outcome,
      value,
    ]);
    expect(counted).toEqual([['client_closed', tries]]);
    expect((await ask(gateway)).status).toBe(200);
    expect(upstream.asked).toHaveLength(tries + 1);
  });

  it('between two tries: there is no second one', async () => {
    upstream.fault = { kind: 'status', status: 429, headers: { 'retry-after': '2' } };
    const leave = new AbortController();
    const asked = ask(gateway, {}, { signal: leave.signal }).catch(() => undefined);
    await eventually(() => expect(gateway.logs()).toContain('upstream_rate_limited'));
    leave.abort();
    await asked;
    await eventually(() => expect(gateway.logs()).toContain('"status":499'));
    expect(upstream.asked).toHaveLength(1);
  });
});
