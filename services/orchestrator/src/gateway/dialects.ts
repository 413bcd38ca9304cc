import { AppError } from '../errors/app-error.ts';
import { isRecord, parseRecord } from '../json.ts';
import { EventReader } from '../providers/anthropic/event-reader.ts';
import { readAnthropicUsage, toTokenUsage } from '../providers/anthropic/usage.ts';
import type { BackendRequest } from '../providers/backend.ts';
import type { ModelConfig, ProviderConfig } from '../providers/config.ts';
import { ChunkReader } from '../providers/openai/chunk-reader.ts';
import { readUsage } from '../providers/openai/usage.ts';
import { StreamCodec } from '../providers/stream-codec.ts';
import { chatToMessageRequest } from '../providers/translate/chat-to-message-request.ts';
import { ChunksToMessageEvents } from '../providers/translate/chunks-to-message-events.ts';
import { completionToMessage } from '../providers/translate/completion-to-message.ts';
import { MessageEventsToChunks } from '../providers/translate/message-events-to-chunks.ts';
import { messageToChatRequest } from '../providers/translate/message-to-chat-request.ts';
import { messageToCompletion } from '../providers/translate/message-to-completion.ts';
import { unsupported } from '../providers/translate/unsupported.ts';
import type { Endpoint, TokenUsage } from './call.ts';

const OPENAI = /^https:\/\/api\.openai\.com([:/]|$)/;

/** What of a call decides how it is put to a backend. */
export interface DialectCall {
  readonly endpoint: Endpoint;
  readonly stream: boolean;
  /** The caller asked for the usage at the end of the stream. */
  readonly includeUsage: boolean;
  readonly request: Readonly<Record<string, unknown>>;
  readonly headers: BackendRequest['callerHeaders'];
}

/** A whole answer in the caller's dialect. */
export interface ReadAnswer {
  /** As the backend sent it where it speaks the caller's dialect. */
  readonly body: Buffer | string;
  readonly usage: TokenUsage | undefined;
}

/**
 * A call as a request to a backend, in the dialect of that backend.
 *
 * @throws AppError `not_supported` when this backend's dialect cannot say it
 */
export function encode(call: DialectCall, provider: ProviderConfig, model: ModelConfig): BackendRequest {
  const { stream, headers } = call;
  const fields = requestFields(call, provider, model);
  for (const name of provider.dropParameters ?? []) delete fields[name];
  return { path: pathOf(call, provider), body: JSON.stringify(fields), stream, callerHeaders: headers };
}

function pathOf({ endpoint }: DialectCall, { kind }: ProviderConfig): string {
  if (kind === 'anthropic') return '/messages';
  return endpoint === 'embeddings' ? '/embeddings' : '/chat/completions';
}

function requestFields(call: DialectCall, provider: ProviderConfig, model: ModelConfig): Record<string, unknown> {
  const { endpoint, request, stream } = call;
  const options = { model: model.upstream, stream };
  if (provider.kind === 'anthropic') {
    if (endpoint === 'embeddings') throw unsupported('body.model', 'does not embed', 'Use an embedding model.');
    if (endpoint === 'messages') return { ...request, ...options };
    return { ...chatToMessageRequest(request, { ...options, maxTokens: model.maxOutputTokens }) };
  }
  if (endpoint === 'embeddings') return { ...request, model: model.upstream };
  const fields: Record<string, unknown> =
    endpoint === 'messages' ? { ...messageToChatRequest(request, options) } : { ...request, ...options };
  // Asked for whether or not the caller wants it: the ledger does.
  if (stream)
    fields.stream_options = { ...(isRecord(request.stream_options) && request.stream_options), include_usage: true };
  else delete fields.stream_options;
  // OpenAI's newer models take the limit by its new name alone, and others know only the old one.
  if (fields.max_tokens !== undefined && OPENAI.test(provider.baseUrl)) {
    fields.max_completion_tokens ??= fields.max_tokens;
    delete fields.max_tokens;
  }
  return fields;
}

/** Reads the whole answer of a backend. @throws AppError `upstream_failed` */
export function decode(call: DialectCall, provider: ProviderConfig, body: Buffer): ReadAnswer {
  const text = body.toString('utf8');
  const json = parseRecord(text);
  const nonsense = (what: string): AppError => new AppError('upstream_failed', { message: `Its answer is ${what}.` });
  if (!json) throw nonsense('not valid JSON');
  if (provider.kind === 'anthropic') {
    const usage = toTokenUsage(readAnthropicUsage(json.usage));
    if (json.type !== 'message' || !Array.isArray(json.content)) throw nonsense('not a message');
    if (call.endpoint === 'messages') return { body: asSent(body, text), usage };
    return { body: JSON.stringify(messageToCompletion(json)), usage };
  }
  const usage = readUsage(json.usage);
  if (call.endpoint === 'embeddings') {
    if (!Array.isArray(json.data)) throw nonsense('not a list of embeddings');
    return { body: asSent(body, text), usage };
  }
  if (!Array.isArray(json.choices)) throw nonsense('not a chat completion');
  if (call.endpoint === 'chat') return { body: asSent(body, text), usage };
  const message = completionToMessage(json);
  if (!message) throw nonsense('not a chat completion with readable tool calls');
  return { body: JSON.stringify(message), usage };
}

/** Up to this size, an answer goes on as text: it leaves in one piece with its headers. */
const SMALL = 32 * 1024;

function asSent(body: Buffer, text: string): Buffer | string {
  return body.length > SMALL ? body : text;
}

/** How the stream of a backend becomes that of the caller. */
export function streamCodec(call: DialectCall, provider: ProviderConfig): StreamCodec {
  if (provider.kind === 'anthropic') {
    const translator = call.endpoint === 'messages' ? undefined : new MessageEventsToChunks(call.includeUsage);
    return new StreamCodec({ reader: new EventReader(), translator, hideUsage: false });
  }
  const translator = call.endpoint === 'messages' ? new ChunksToMessageEvents() : undefined;
  return new StreamCodec({ reader: new ChunkReader(), translator, hideUsage: !call.includeUsage });
}
