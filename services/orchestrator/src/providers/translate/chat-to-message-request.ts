import { isRecord } from '../../json.ts';
import { userBlocks } from './chat-to-message-content.ts';
import { invalid, unsupported } from './unsupported.ts';

type Fields = Readonly<Record<string, unknown>>;
type Block = Record<string, unknown>;

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: Block[];
}

export interface ChatToMessageOptions {
  /** The provider's own name of the model. */
  readonly model: string;
  /** Anthropic's API wants a limit; this is it when the request has none. */
  readonly maxTokens: number;
  readonly stream: boolean;
}

/**
 * OpenAI's chat completion request as one of Anthropic's Messages API.
 *
 * @throws AppError `not_supported` for what that API cannot do, `invalid_request` for what is wrong in OpenAI's dialect
 */
export function chatToMessageRequest(request: Fields, { model, maxTokens, stream }: ChatToMessageOptions): Fields {
  refuse(request);
  const { system, turns } = readMessages(request.messages);
  const stop = typeof request.stop === 'string' ? [request.stop] : request.stop;
  const output = outputConfig(request);
  const { user } = request;
  return {
    model,
    max_tokens: request.max_completion_tokens ?? request.max_tokens ?? maxTokens,
    ...(system.length > 0 && { system }),
    messages: turns,
    ...(Array.isArray(stop) && stop.length > 0 && { stop_sequences: stop }),
    // OpenAI's scale goes to 2, Anthropic's to 1.
    ...(typeof request.temperature === 'number' && { temperature: Math.min(1, request.temperature) }),
    ...(typeof request.top_p === 'number' && { top_p: request.top_p }),
    ...(typeof user === 'string' && user !== '' && { metadata: { user_id: user } }),
    ...(output && { output_config: output }),
    ...tools(request),
    stream,
  };
}

/** What has no counterpart, unless it is set to what is the case anyway. */
function refuse(request: Fields): void {
  const {
    n,
    logprobs,
    logit_bias: bias,
    modalities,
    functions,
    function_call: call,
    web_search_options: web,
  } = request;
  const cure = 'Leave it out, or use a model of another provider.';
  const no = (path: string): never => {
    throw unsupported(`body.${path}`, 'is not supported by this provider', cure);
  };
  if (n !== undefined && n !== null && n !== 1) no('n');
  if (logprobs === true) no('logprobs');
  if (isRecord(bias) && Object.keys(bias).length > 0) no('logit_bias');
  for (const penalty of ['presence_penalty', 'frequency_penalty']) {
    const value = request[penalty];
    if (typeof value === 'number' && value !== 0) no(penalty);
  }
  if (Array.isArray(modalities) && modalities.some((each) => each !== 'text')) no('modalities');
  if (functions !== undefined) no('functions');
  if (call !== undefined) no('function_call');
  if (isRecord(web)) no('web_search_options');
}

function outputConfig(request: Fields): Fields | undefined {
  const { response_format: format, reasoning_effort: effort } = request;
  const config: Block = {};
  if (isRecord(format)) {
    if (format.type === 'json_schema' && isRecord(format.json_schema) && isRecord(format.json_schema.schema)) {
      config.format = { type: 'json_schema', schema: format.json_schema.schema };
    } else if (format.type !== 'text') {
      throw unsupported(
        'body.response_format',
        'is not supported by this provider',
        'Use json_schema with a schema, or a model of another provider.',
      );
    }
  }
  if (typeof effort === 'string' && effort !== 'none') config.effort = effort === 'minimal' ? 'low' : effort;
  return Object.keys(config).length > 0 ? config : undefined;
}

function tools(request: Fields): Fields {
  const { tools: given, tool_choice: choice, parallel_tool_calls: parallel } = request;
  if (!Array.isArray(given) || given.length === 0) return {};
  const made = given.map((tool: unknown, at) => {
    const described = isRecord(tool) && tool.type === 'function' && isRecord(tool.function) ? tool.function : undefined;
    if (!described) {
      throw unsupported(`body.tools[${at}].type`, 'is not supported by this provider', 'Use tools of type function.');
    }
    return {
      name: described.name,
      ...(typeof described.description === 'string' && { description: described.description }),
      input_schema: isRecord(described.parameters) ? described.parameters : { type: 'object', properties: {} },
      ...(described.strict === true && { strict: true }),
    };
  });
  const picked = toolChoice(choice);
  if (parallel !== false) return { tools: made, ...(picked && { tool_choice: picked }) };
  const one = picked ?? { type: 'auto' };
  return { tools: made, tool_choice: one.type === 'none' ? one : { ...one, disable_parallel_tool_use: true } };
}

function toolChoice(choice: unknown): { readonly type: string; readonly name?: unknown } | undefined {
  if (choice === undefined || choice === null) return undefined;
  if (choice === 'auto' || choice === 'none') return { type: choice };
  if (choice === 'required') return { type: 'any' };
  if (isRecord(choice) && choice.type === 'function' && isRecord(choice.function)) {
    return { type: 'tool', name: choice.function.name };
  }
  throw unsupported('body.tool_choice', 'is not supported by this provider', 'Use auto, none, required or a function.');
}

function readMessages(messages: unknown): { readonly system: Block[]; readonly turns: readonly Turn[] } {
  const system: Block[] = [];
  const turns: Turn[] = [];
  /** The same role twice is one turn; results of tools have to stand together, right after their calls. */
  const add = (role: Turn['role'], content: Block[]): void => {
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) turns.push({ role, content });
  };
  for (const [at, message] of (Array.isArray(messages) ? messages : []).entries()) {
    const path = `body.messages[${at}]`;
    if (!isRecord(message)) throw invalid(path, 'is not an object', 'Write an object with role and content.');
    switch (message.role) {
      case 'system':
      case 'developer':
        system.push(...userBlocks(message.content, `${path}.content`));
        break;
      case 'user':
        add('user', userBlocks(message.content, `${path}.content`));
        break;
      case 'assistant':
        add('assistant', assistantBlocks(message, path));
        break;
      case 'tool':
        add('user', [
          {
            type: 'tool_result',
            tool_use_id: message.tool_call_id,
            content: userBlocks(message.content, `${path}.content`),
          },
        ]);
        break;
      default:
        throw unsupported(
          `${path}.role`,
          'is not supported by this provider',
          'Use system, developer, user, assistant or tool.',
        );
    }
  }
  return { system, turns };
}

function assistantBlocks(message: Fields, path: string): Block[] {
  const parts = Array.isArray(message.content) ? message.content : [];
  const blocks: Block[] =
    typeof message.content === 'string'
      ? message.content === ''
        ? []
        : [{ type: 'text', text: message.content }]
      : parts.map((part: unknown, at) => {
          const text = isRecord(part) ? (part.text ?? part.refusal) : undefined;
          if (typeof text !== 'string') {
            throw unsupported(`${path}.content[${at}]`, 'is not supported by this provider', 'Use parts of type text.');
          }
          return { type: 'text', text };
        });
  if (typeof message.refusal === 'string' && message.refusal !== '')
    blocks.push({ type: 'text', text: message.refusal });
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  for (const [at, call] of calls.entries()) {
    const where = `${path}.tool_calls[${at}]`;
    const called = isRecord(call) && isRecord(call.function) ? call.function : undefined;
    if (!isRecord(call) || !called) {
      throw unsupported(where, 'is not supported by this provider', 'Use calls of type function.');
    }
    blocks.push({
      type: 'tool_use',
      id: call.id,
      name: called.name,
      input: parseArguments(called.arguments, `${where}.function.arguments`),
    });
  }
  return blocks;
}

function parseArguments(text: unknown, path: string): unknown {
  if (text === undefined || text === '') return {};
  try {
    const value: unknown = JSON.parse(String(text));
    if (isRecord(value)) return value;
  } catch {
    // Told below.
  }
  throw invalid(path, 'is not a JSON object in a string', "Send the model's own arguments back as they came.");
}
