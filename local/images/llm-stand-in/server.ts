import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pathToFileURL } from 'node:url';

/*
 * Stands in for a language model where there is none: the OpenAI API, with an answer that is always the same to the same
 * question, and that says what it is. It needs nothing but Node.js.
 */

interface Message {
  readonly role?: unknown;
  readonly content?: unknown;
}

interface ChatRequest {
  readonly model?: unknown;
  readonly messages?: unknown;
  readonly stream?: unknown;
  readonly stream_options?: { readonly include_usage?: unknown };
}

/** Largest request that it reads, in bytes. */
const largestBody = 4 * 1024 * 1024;

/** Text of a message: its content, or the parts of it that are text. */
function textOf({ content }: Message): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: unknown) => (typeof part === 'object' && part !== null && 'text' in part ? String(part.text) : ''))
    .join(' ');
}

/** Words, in place of tokens: what a request costs should not depend on a tokenizer. */
function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** The answer of a model to its messages: the last question in short, and a mark that differs with anything that was said. */
export function answerTo(model: string, messages: readonly Message[]): string {
  const question = textOf(messages.findLast(({ role }) => role === 'user') ?? {});
  const words = wordsOf(question);
  const short = words.slice(0, 24).join(' ') + (words.length > 24 ? ' …' : '');
  const mark = createHash('sha256')
    .update(JSON.stringify([model, messages]))
    .digest('hex')
    .slice(0, 8);
  return `This is the stand-in for ${model}, not a language model. You asked: "${short}" (${mark})`;
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    // An HTTP request without a set encoding gives buffers.
    const part = chunk as Buffer;
    size += part.length;
    if (size > largestBody) throw new Error(`the body is larger than ${largestBody} bytes`);
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number, message: string): void {
  json(response, status, { error: { message, type: 'invalid_request_error' } });
}

function chat(response: ServerResponse, text: string, models: readonly string[]): void {
  let given: ChatRequest;
  try {
    // Every field is checked before it is used.
    given = JSON.parse(text) as ChatRequest;
  } catch {
    refuse(response, 400, 'the body is not JSON');
    return;
  }
  const { model, messages, stream } = given;
  if (typeof model !== 'string' || !models.includes(model)) {
    refuse(response, 404, `there is no model ${JSON.stringify(model)}: use one of ${models.join(', ')}`);
    return;
  }
  if (!Array.isArray(messages) || messages.length === 0) {
    refuse(response, 400, 'messages: give at least one');
    return;
  }
  const content = answerTo(model, messages);
  const prompt = messages.reduce((sum: number, message: Message) => sum + wordsOf(textOf(message)).length, 0);
  const completion = wordsOf(content).length;
  const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  const id = `chatcmpl-${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
  const common = { id, created: 0, model };
  if (stream !== true) {
    const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
    json(response, 200, { ...common, object: 'chat.completion', choices, usage });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const event = (body: object): void => {
    response.write(`data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', ...body })}\n\n`);
  };
  event({ choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] });
  for (const part of content.match(/\S+\s*/g) ?? []) {
    event({ choices: [{ index: 0, delta: { content: part }, finish_reason: null }] });
  }
  event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  if (given.stream_options?.include_usage === true) event({ choices: [], usage });
  response.end('data: [DONE]\n\n');
}

async function answer(request: IncomingMessage, response: ServerResponse, models: readonly string[]): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://stand-in');
  const route = `${request.method} ${pathname}`;
  if (route === 'GET /health') json(response, 200, { status: 'ok' });
  else if (route === 'GET /v1/models') {
    json(response, 200, { object: 'list', data: models.map((id) => ({ id, object: 'model', owned_by: 'stand-in' })) });
  } else if (route === 'POST /v1/chat/completions') chat(response, await read(request), models);
  else refuse(response, 404, `there is no ${route}`);
}

/** The server, not listening yet. */
export function standIn(models: readonly string[]): Server {
  return createServer((request, response) => {
    answer(request, response, models).catch((error: unknown) => {
      refuse(response, 400, error instanceof Error ? error.message : String(error));
    });
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const models = (process.env.MODELS ?? '').split(',').filter((model) => model !== '');
  if (models.length === 0) {
    process.stderr.write('MODELS is empty: name the models to stand in for, separated by commas\n');
    process.exit(2);
  }
  const server = standIn(models).listen(Number(process.env.PORT ?? '8000'), '0.0.0.0');
  process.on('SIGTERM', () => {
    server.close();
    server.closeIdleConnections();
  });
}
