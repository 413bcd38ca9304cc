import { createHash } from 'node:crypto';
import type { GatewayCall } from '../gateway/call.ts';
import { isRecord } from '../json.ts';

/** How an answer is delivered, which does not change what it says. */
const DELIVERY = new Set(['stream', 'stream_options']);

/** The name of the answer to exactly this question: tenant, endpoint, model, privacy and every parameter are in it. */
export function exactKey(tenant: string, call: GatewayCall): string {
  return digest([tenant, call.endpoint, call.model, call.private, withoutDelivery(call.request)]);
}

/** A question that may be meant by other words, and all that has to be the same. */
export interface SemanticKey {
  /** Everything but the words of the last message. */
  readonly scope: string;
  /** The words of the last message. */
  readonly text: string;
}

/** undefined: nothing in it can be said in other words (its last message is no text of a person). */
export function semanticKey(tenant: string, call: GatewayCall): SemanticKey | undefined {
  if (call.endpoint === 'embeddings') return undefined;
  const { messages, ...rest } = call.request;
  if (!Array.isArray(messages)) return undefined;
  const last: unknown = messages.at(-1);
  if (!isRecord(last) || last.role !== 'user') return undefined;
  const { content, ...around } = last;
  const text = textOf(content);
  if (text === undefined || text.trim() === '') return undefined;
  return {
    scope: digest([
      tenant,
      call.endpoint,
      call.model,
      call.private,
      withoutDelivery(rest),
      messages.slice(0, -1),
      around,
    ]),
    text,
  };
}

/** A text, or a list with one text in it. Pictures and files cannot be compared by words. */
function textOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content) || content.length !== 1) return undefined;
  const part: unknown = content[0];
  return isRecord(part) && part.type === 'text' && typeof part.text === 'string' ? part.text : undefined;
}

function withoutDelivery(request: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(request).filter(([name]) => !DELIVERY.has(name)));
}

function digest(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('base64url');
}

/** JSON with the fields of objects in order: `{"a":1,"b":2}` and `{"b":2,"a":1}` are the same question. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isRecord(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}
