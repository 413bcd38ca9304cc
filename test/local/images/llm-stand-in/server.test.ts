import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answerTo, standIn } from '../../../../local/images/llm-stand-in/server.ts';

let server: Server;
let url: string;

beforeAll(async () => {
  server = standIn(['gpt-4']).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address of this form.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
});

const ask = (body: unknown): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { connection: 'close' },
  });

const question = { model: 'gpt-4', messages: [{ role: 'user', content: 'Is the sluice open?' }] };

describe('the stand-in for a language model', () => {
  it('says what it is, what it was asked, and the same each time', async () => {
    const [one, two] = await Promise.all([ask(question), ask(question)]).then((both) =>
      Promise.all(both.map((each) => each.json())),
    );
    expect(one).toEqual(two);
    expect(one).toMatchObject({
      object: 'chat.completion',
      model: 'gpt-4',
      choices: [{ message: { role: 'assistant', content: expect.stringContaining('"Is the sluice open?"') } }],
    });
  });

  it('answers otherwise when anything said before differs', () => {
    const last = { role: 'user', content: 'And now?' };
    expect(answerTo('m', [{ role: 'user', content: 'a' }, last])).not.toBe(
      answerTo('m', [{ role: 'user', content: 'b' }, last]),
    );
  });

  it('reads content in parts', () => {
    expect(answerTo('m', [{ role: 'user', content: [{ type: 'text', text: 'in parts' }] }])).toContain('"in parts"');
  });

  it('streams the same answer, with the usage where that is asked for', async () => {
    const text = await (await ask({ ...question, stream: true, stream_options: { include_usage: true } })).text();
    const events = text.split('\n\n').filter((event) => event !== '');
    expect(events.at(-1)).toBe('data: [DONE]');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)));
    const content = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(content).toBe(answerTo('gpt-4', question.messages));
    expect(chunks.at(-1).usage.prompt_tokens).toBe(4);
  });

  it('lists its models', async () => {
    const list: unknown = await (await fetch(`${url}/v1/models`, { headers: { connection: 'close' } })).json();
    expect(list).toMatchObject({ data: [{ id: 'gpt-4' }] });
  });

  it.each([
    ['another model', { ...question, model: 'gpt-5' }, 404, 'use one of gpt-4'],
    ['no message', { ...question, messages: [] }, 400, 'messages: give at least one'],
    ['no JSON', 'hello', 400, 'not JSON'],
  ])('refuses %s', async (_, body, status, message) => {
    const answer = await ask(body);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(await answer.json())).toContain(message);
  });

  it('knows no other route', async () => {
    expect((await fetch(`${url}/v1/files`, { headers: { connection: 'close' } })).status).toBe(404);
  });
});
