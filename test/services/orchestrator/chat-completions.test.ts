import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_TIMEOUTS } from '../../../services/orchestrator/src/providers/config.ts';
import { plainModel } from '../../../services/orchestrator/src/providers/config-models.ts';
import { eventually } from '../../support/processes.ts';
import { alice, type TestApp, testApp } from './support/app.ts';
import { RECORDED, Upstream } from './support/upstream.ts';

const upstream = new Upstream();
let address = '';
let made: TestApp;
let url = '';
const keyFile = join(mkdtempSync(join(tmpdir(), 'keelson-key-')), 'key');
beforeAll(async () => {
  address = await upstream.start();
  writeFileSync(keyFile, 'canary-key\n');
});
afterAll(() => upstream.stop());
beforeEach(async () => {
  upstream.seen.length = 0;
  made = await testApp({
    breaker: { failures: 1_000_000 },
    gateway: { failover: { retries: 0 } },
    providers: [
      {
        name: 'local',
        kind: 'openai-compatible',
        baseUrl: `${address}/v1`,
        tier: 0,
        models: [plainModel('small')],
        apiKeyFile: keyFile,
        answerModel: undefined,
        timeouts: { ...DEFAULT_TIMEOUTS, headers: 300, firstToken: 300, betweenChunks: 200 },
      },
    ],
  });
  url = await made.app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => made.app.close());

const ask = (fields: object = {}, init: RequestInit = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { ...alice, 'content-type': 'application/json', 'x-secret': 'canary-header' },
    body: JSON.stringify({ model: 'small', messages: [{ role: 'user', content: 'canary-prompt' }], ...fields }),
    ...init,
  });
const outcomes = async () =>
  (await made.metrics.llmRequests.get()).values.map(({ labels, value }) => [labels.outcome, value]);
const sse = { 'content-type': 'text/event-stream' };

/** The error of an answer. */
const errorOf = async (answer: Response): Promise<{ code: string; message: string; param: string; cure: string }> => {
  // The shape of every error, which app.test.ts checks.
  const body = (await answer.json()) as { error: { code: string; message: string; param: string; cure: string } };
  return body.error;
};

describe('POST /v1/chat/completions', () => {
  it('passes request and answer on, with the key of the provider and no header of the caller', async () => {
    const body = { choices: [{ message: { content: 'Hi' } }], usage: { prompt_tokens: 5, completion_tokens: 2 } };
    upstream.answer = (response) => void response.end(JSON.stringify(body));
    const answer = await ask({ model: 'local/small', temperature: 0.5 });
    expect([answer.status, await answer.json()]).toEqual([200, body]);
    expect(upstream.seen[0]?.body).toMatchObject({ model: 'small', temperature: 0.5, stream: false });
    expect(upstream.seen[0]?.headers.authorization).toBe('Bearer canary-key');
    expect(JSON.stringify(upstream.seen[0]?.headers)).not.toMatch(/canary-header|token-of-alice/);
    expect(await outcomes()).toEqual([['success', 1]]);
    expect((await made.metrics.llmTokens.get()).values.map(({ value }) => value)).toEqual([5, 2]);
  });

  it('streams the events of the provider, and ends as it does', async () => {
    upstream.answer = (response) => void response.writeHead(200, sse).end(RECORDED);
    const answer = await ask({ stream: true, stream_options: { include_usage: true } });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(await answer.text()).toBe(RECORDED);
    expect(
      (await made.metrics.llmFirstToken.get()).values.find(({ metricName }) => metricName?.endsWith('_count'))?.value,
    ).toBe(1);
  });

  it('ends a stream that is cut, at any byte, with an error and never as if it were complete', async () => {
    const bytes = Buffer.from(RECORDED);
    const done = RECORDED.indexOf('data: [DONE]') + 'data: [DONE]\n\n'.length;
    const cut = async (at: number) => {
      upstream.answer = (response) => {
        response.writeHead(200, sse);
        response.write(bytes.subarray(0, at), () => response.destroy());
      };
      const answer = await ask({ stream: true });
      const text = await answer.text();
      expect(text).not.toContain('[DONE]');
      if (answer.status !== 200) {
        // Nothing had been sent yet, so the failure has a status of its own.
        expect([answer.status, JSON.parse(text).error.code]).toEqual([502, 'upstream_cut']);
        return;
      }
      const events = text.split('\n\n').slice(0, -1);
      const last = events.at(-1) ?? '';
      expect(last).toMatch(/^event: error\ndata: \{"error":/);
      const passed = events
        .slice(0, -1)
        .map((event) => `${event}\n\n`)
        .join('');
      expect(RECORDED.startsWith(passed)).toBe(true);
    };
    for (let at = 0; at < Math.min(bytes.length, done); at += 7) await cut(at);
  }, 20_000);

  it('also when the provider ends in good order but without saying that it is done', async () => {
    upstream.answer = (response) => void response.writeHead(200, sse).end(RECORDED.replace('data: [DONE]\n\n', ''));
    expect(await (await ask({ stream: true })).text()).toMatch(/event: error\n.*upstream_cut/);
    expect(await outcomes()).toEqual([['upstream_cut', 1]]);
  });

  it.each([true, false])('aborts the upstream within 100 ms when the client leaves (stream: %s)', async (stream) => {
    upstream.answer = (response) => {
      response.writeHead(200, sse);
      if (stream) response.write(RECORDED.slice(0, 250));
      else response.flushHeaders();
    };
    const leave = new AbortController();
    const answer = ask({ stream }, { signal: leave.signal }).catch(() => undefined);
    await eventually(() => expect(upstream.seen).toHaveLength(1));
    if (stream) await (await answer)?.body?.getReader().read();
    const left = performance.now();
    leave.abort();
    expect(((await upstream.seen[0]?.aborted) ?? Number.NaN) - left).toBeLessThan(100);
    await eventually(() => expect(made.logs()).toContain('"status":499'));
    await eventually(async () => expect(await outcomes()).toEqual([['client_closed', 1]]));
  });

  it.each([
    ['headers', () => undefined],
    [
      'firstToken',
      (response: import('node:http').ServerResponse) => void response.writeHead(200, sse).write(': ping\n\n'),
    ],
  ])('gives up when the phase %s takes too long', async (phase, answer) => {
    upstream.answer = answer;
    const response = await ask({ stream: true });
    expect([response.status, (await errorOf(response)).message]).toEqual([504, expect.stringContaining(phase)]);
    await upstream.seen[0]?.aborted;
  });

  it('ends a stream that stalls with an error', async () => {
    upstream.answer = (response) => void response.writeHead(200, sse).write(RECORDED.slice(0, 250));
    expect(await (await ask({ stream: true })).text()).toMatch(/event: error\n.*betweenChunks/);
  });

  it.each([
    [429, 429, 'upstream_rate_limited'],
    [401, 502, 'upstream_credentials'],
    [400, 400, 'upstream_rejected'],
    [500, 502, 'upstream_failed'],
  ])('answers an upstream %i with %i %s', async (status, expected, code) => {
    upstream.answer = (response) =>
      void response.writeHead(status, { 'retry-after': '7' }).end('{"error":"canary-upstream"}');
    const answer = await ask();
    expect([answer.status, (await errorOf(answer)).code]).toEqual([expected, code]);
    if (status === 429) expect(answer.headers.get('retry-after')).toBe('7');
  });

  it('names the models there are when it does not know one', async () => {
    const answer = await ask({ model: 'large' });
    expect([answer.status, await errorOf(answer)]).toEqual([
      404,
      expect.objectContaining({ param: 'body.model', cure: 'Use one of small.' }),
    ]);
  });

  it('does not read ahead of a client that reads slowly', async () => {
    let written = 0;
    const chunk = `data: ${JSON.stringify({ choices: [{ delta: { content: 'x'.repeat(60_000) } }] })}\n\n`;
    upstream.answer = (response) => {
      response.writeHead(200, sse);
      const push = () => {
        while (written < 1500 && response.write(chunk)) written += 1;
        if (written < 1500) {
          written += 1;
          response.once('drain', push);
        }
      };
      push();
    };
    const leave = new AbortController();
    const answer = await ask({ stream: true }, { signal: leave.signal });
    await answer.body?.getReader().read();
    await new Promise((resolve) => setTimeout(resolve, 300));
    // 90 MB wait upstream; what was taken of them fits the buffers of two sockets.
    expect(written).toBeLessThan(400);
    leave.abort();
  });

  it('tells no log and no metric a prompt, a key, a token or a header', async () => {
    upstream.answer = (response) => void response.writeHead(500).end('canary-upstream');
    await ask();
    await ask({ stream: true });
    await ask({ stream: 'canary-prompt' });
    await eventually(() => expect(made.logs().match(/"event":"request"/g)).toHaveLength(3));
    expect(made.logs() + (await made.metrics.registry.metrics())).not.toMatch(/canary|token-of/);
  });
});
