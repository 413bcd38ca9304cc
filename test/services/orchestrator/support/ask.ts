import type { TestGateway } from './gateway.ts';

/** Which of the gateway's two dialects a test speaks. */
export type Endpoint = '/v1/chat/completions' | '/v1/messages';

/** Asks the model `small`. */
export function ask(
  gateway: Pick<TestGateway, 'url'>,
  fields: Readonly<Record<string, unknown>> = {},
  init: RequestInit & { readonly endpoint?: Endpoint } = {},
): Promise<Response> {
  const { endpoint = '/v1/chat/completions', headers, ...rest } = init;
  return fetch(`${gateway.url}${endpoint}`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer token-of-alice',
      'content-type': 'application/json',
      'x-secret': 'canary-header',
      ...headers,
    },
    body: JSON.stringify({
      model: 'small',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'canary-prompt' }],
      ...fields,
    }),
    ...rest,
  });
}

export interface GatewayError {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  readonly cure: string;
}

/** The error of an answer. */
export async function errorOf(answer: Response): Promise<GatewayError> {
  // The shape of every error, which app.test.ts checks.
  const body = (await answer.json()) as { error: GatewayError };
  return body.error;
}

/** What a client reads from a stream. */
export interface Heard {
  readonly text: string;
  /** The sign of the dialect that the stream is complete came. */
  readonly complete: boolean;
  /** Code of the error event. */
  readonly error: string | undefined;
}

/** Reads a stream of either dialect as a strict client does: every event has to be whole, and JSON. */
export function hear(stream: string): Heard {
  if (!stream.endsWith('\n\n')) throw new Error(`the stream ends within an event: ${stream.slice(-80)}`);
  let text = '';
  let complete = false;
  let error: string | undefined;
  for (const block of stream.slice(0, -2).split('\n\n')) {
    if (complete || error !== undefined) throw new Error(`something comes after the end: ${block}`);
    const data = /^data: (.*)$/m.exec(block)?.[1] ?? '';
    if (data === '[DONE]') {
      complete = true;
      continue;
    }
    const event = JSON.parse(data);
    if (/^event: error$/m.test(block)) error = event.error.code;
    else if (event.type === 'message_stop') complete = true;
    else text += event.choices?.[0]?.delta.content ?? event.delta?.text ?? '';
  }
  return { text, complete, error };
}
