import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RECORDINGS, TEXT } from '../../../support/upstream/recordings.ts';
import { type Dialect, FaultyUpstream, faultAsUser } from '../../../support/upstream/upstream.ts';
import { ask, type Endpoint, type Heard, hear } from '../support/ask.ts';
import { gatewayOver, type TestGateway } from '../support/gateway.ts';

const broken = new FaultyUpstream();
const sound = new FaultyUpstream({ obeys: false });
beforeAll(() => Promise.all([broken.start(), sound.start()]));
afterAll(() => Promise.all([broken.stop(), sound.stop()]));

const whole = TEXT.join('');
const pairs = (['/v1/chat/completions', '/v1/messages'] as const).flatMap((endpoint) =>
  (['openai', 'anthropic'] as const).map((dialect) => ({ endpoint, dialect })),
);

interface Result {
  readonly at: number;
  readonly status: number;
  /** undefined: the answer had a status of its own */
  readonly heard: Heard | undefined;
}

/** Tries every offset, some side by side. */
async function cutEverywhere(gateway: TestGateway, endpoint: Endpoint, dialect: Dialect): Promise<Result[]> {
  const { length } = Buffer.from(RECORDINGS[dialect].text.stream);
  const results: Result[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < length; at = next++) {
      const user = faultAsUser({ kind: 'cut', at });
      const name = endpoint === '/v1/messages' ? { metadata: { user_id: user } } : { user };
      const answer = await ask(gateway, { stream: true, ...name }, { endpoint });
      const text = await answer.text();
      if (answer.status !== 200) expect(text).toContain('"code":"upstream_cut"');
      results[at] = { at, status: answer.status, heard: answer.status === 200 ? hear(text) : undefined };
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  return results;
}

/** Where the first event with content is complete, and where the sign of the end is. */
function landmarks(dialect: Dialect): { readonly content: number; readonly end: number } {
  const { stream } = RECORDINGS[dialect].text;
  const first = stream.indexOf('Übung');
  const bytes = (upTo: number): number => Buffer.byteLength(stream.slice(0, upTo));
  return { content: bytes(stream.indexOf('\n\n', first) + 2), end: bytes(stream.length) };
}

describe.each(pairs)('a stream of $dialect for $endpoint that is cut at every byte', ({ endpoint, dialect }) => {
  const { content, end } = landmarks(dialect);

  it('ends with an error, never as if it were complete, and what was said is a beginning of the text', async () => {
    const gateway = await gatewayOver([{ upstream: broken, dialect }], {
      breaker: { failures: 1e9 },
      gateway: { failover: { retries: 0 } },
    });
    const all = await cutEverywhere(gateway, endpoint, dialect);
    await gateway.close();
    expect(all).toHaveLength(end);
    for (const { at, status, heard } of all) {
      // Before the first content nothing is sent, so the failure has a status.
      expect([at, status]).toEqual([at, at < content ? 502 : 200]);
      if (!heard) continue;
      expect([at, heard.complete, heard.error]).toEqual([at, false, 'upstream_cut']);
      expect(whole.startsWith(heard.text)).toBe(true);
      expect(heard.text).not.toBe('');
    }
  });

  it('is taken over by another provider before the first content, and by none after it', async () => {
    sound.reset();
    const gateway = await gatewayOver(
      [
        { upstream: broken, dialect },
        { upstream: sound, name: 'other', tier: 1, dialect: dialect === 'openai' ? 'anthropic' : 'openai' },
      ],
      { breaker: { failures: 1e9 }, gateway: { failover: { retries: 0 } } },
    );
    const all = await cutEverywhere(gateway, endpoint, dialect);
    await gateway.close();
    for (const { at, heard } of all) {
      if (at < content) expect([at, heard]).toEqual([at, { text: whole, complete: true, error: undefined }]);
      else expect([at, heard?.complete, whole.startsWith(heard?.text ?? 'no answer')]).toEqual([at, false, true]);
    }
    expect(sound.asked).toHaveLength(content);
  });
});

describe.each(pairs)('a stream of $dialect for $endpoint', ({ endpoint, dialect }) => {
  let gateway: TestGateway;
  beforeEach(async () => {
    gateway = await gatewayOver([{ upstream: broken, dialect }]);
  });
  afterEach(() => gateway.close());

  it.each([1, 2, 3, 7, 64])('is the same in pieces of %i bytes', async (size) => {
    broken.fault = { kind: 'pieces', size };
    const answer = await ask(gateway, { stream: true }, { endpoint });
    expect(hear(await answer.text())).toEqual({ text: whole, complete: true, error: undefined });
  });

  it.each(['malformed', 'unfinished'] as const)('ends with an error when it is %s', async (kind) => {
    broken.fault = kind === 'malformed' ? { kind, event: dialect === 'openai' ? 2 : 4 } : { kind };
    const heard = hear(await (await ask(gateway, { stream: true }, { endpoint })).text());
    expect(heard).toMatchObject({
      complete: false,
      error: kind === 'malformed' ? 'upstream_failed' : 'upstream_cut',
    });
    expect(whole.startsWith(heard.text)).toBe(true);
  });
});
