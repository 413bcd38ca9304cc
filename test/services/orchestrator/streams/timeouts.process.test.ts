import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { PhaseTimeouts } from '../../../../services/orchestrator/src/providers/config-timeouts.ts';
import type { Fault } from '../../../support/upstream/fault.ts';
import { RECORDINGS } from '../../../support/upstream/recordings.ts';
import { FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { ask, errorOf } from '../support/ask.ts';
import { gatewayOver, type TestGateway } from '../support/gateway.ts';

const upstream = new FaultyUpstream();
let gateway: TestGateway;
beforeAll(() => upstream.start());
afterAll(() => upstream.stop());
beforeEach(() => upstream.reset());
afterEach(() => gateway.close());

const middle = Buffer.byteLength(RECORDINGS.openai.text.stream) - 400;
const open = async (timeouts: Partial<PhaseTimeouts>): Promise<void> => {
  gateway = await gatewayOver([{ upstream, timeouts }]);
};

describe('each phase of a call has a clock of its own', () => {
  const before: readonly [keyof PhaseTimeouts, boolean, Fault][] = [
    ['headers', true, { kind: 'hang' }],
    ['answer', false, { kind: 'hang' }],
    ['firstToken', true, { kind: 'stall', at: 10 }],
    ['betweenChunks', false, { kind: 'stall', at: 10 }],
    ['total', true, { kind: 'hang' }],
    ['total', false, { kind: 'hang' }],
  ];
  it.each(before)('%s (stream: %s): 504 that names it, and the provider is let go', async (phase, stream, fault) => {
    await open({ [phase]: 150 });
    upstream.fault = fault;
    const answer = await ask(gateway, { stream });
    expect([answer.status, await errorOf(answer)]).toEqual([
      504,
      expect.objectContaining({ code: 'upstream_timeout', message: expect.stringContaining(`Phase: ${phase}.`) }),
    ]);
    await upstream.asked[0]?.gone;
    // Slow once is enough: a second try would take as long.
    expect(upstream.asked).toHaveLength(1);
  });

  it.each(['betweenChunks', 'total'] as const)('%s: a stream that stalls ends with an error', async (phase) => {
    await open({ [phase]: 150 });
    upstream.fault = { kind: 'stall', at: middle };
    const text = await (await ask(gateway, { stream: true })).text();
    expect(text).toMatch(new RegExp(`event: error\\n.*Phase: ${phase}\\.`));
    expect(text).not.toContain('[DONE]');
    await upstream.asked[0]?.gone;
  });

  it('connect: a network that swallows packets', async () => {
    // TEST-NET-1 (RFC 5737): nobody answers there; where there is no route at all, the failure is told at once.
    gateway = await gatewayOver([{ upstream: { url: 'http://192.0.2.1:9' }, timeouts: { connect: 150 } }], {
      gateway: { failover: { retries: 0 } },
    });
    const answer = await ask(gateway);
    expect([502, 504]).toContain(answer.status);
    expect(['upstream_timeout', 'upstream_failed']).toContain((await errorOf(answer)).code);
  });
});
