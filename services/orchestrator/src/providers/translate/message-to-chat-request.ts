import { isRecord } from '../../json.ts';
import { assistantMessage, userMessages } from './message-to-chat-content.ts';
import { invalid, unsupported } from './unsupported.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface MessageToChatOptions {
  /** The provider's own name of the model. */
  readonly model: string;
  readonly stream: boolean;
}

/**
 * A request of Anthropic's Messages API as one of OpenAI's chat completions. `thinking` is left out: it says how an answer is
 * found, not what it is, and providers have no common word for it.
 *
 * @throws AppError `not_supported` for what OpenAI's dialect cannot say, `invalid_request` for what is wrong in Anthropic's
 */
export function messageToChatRequest(request: Fields, { model, stream }: MessageToChatOptions): Fields {
  for (const field of ['container', 'mcp_servers', 'context_management']) {
    const value = request[field];
    if (value !== undefined && value !== null) {
      throw unsupported(
        `body.${field}`,
        'is not supported by this provider',
        'Leave it out, or use a model of another provider.',
      );
    }
  }
  const { metadata, stop_sequences: stop, output_config: output, top_k: topK } = request;
  const user = isRecord(metadata) ? metadata.user_id : undefined;
  return {
    model,
    messages: [...system(request.system), ...messages(request.messages)],
    max_tokens: request.max_tokens,
    ...(Array.isArray(stop) && stop.length > 0 && { stop }),
    ...(typeof request.temperature === 'number' && { temperature: request.temperature }),
    ...(typeof request.top_p === 'number' && { top_p: request.top_p }),
    // No field of OpenAI's own, but of most that speak its dialect.
    ...(typeof topK === 'number' && { top_k: topK }),
    ...(typeof user === 'string' && { user }),
    ...(isRecord(output) && outputConfig(output)),
    ...tools(request),
    stream,
  };
}

function system(given: unknown): Fields[] {
  if (given === undefined || given === null || given === '') return [];
  if (typeof given === 'string') return [{ role: 'system', content: given }];
  const parts = (Array.isArray(given) ? given : []).map((part: unknown, at) => {
    const text = isRecord(part) ? part.text : undefined;
    if (typeof text !== 'string') throw invalid(`body.system[${at}].text`, 'is missing', 'Write blocks of type text.');
    return text;
  });
  return parts.length === 0 ? [] : [{ role: 'system', content: parts.join('\n\n') }];
}

function messages(given: unknown): Fields[] {
  return (Array.isArray(given) ? given : []).flatMap((message: unknown, at): Fields[] => {
    const path = `body.messages[${at}]`;
    if (!isRecord(message)) throw invalid(path, 'is not an object', 'Write an object with role and content.');
    switch (message.role) {
      case 'user':
        return userMessages(message.content, `${path}.content`);
      case 'assistant':
        return [assistantMessage(message.content, `${path}.content`)];
      case 'system':
        return system(message.content);
      default:
        throw invalid(`${path}.role`, 'is not a role', 'Use user or assistant.');
    }
  });
}

function outputConfig({ format, effort }: Fields): Fields {
  return {
    ...(isRecord(format) && {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema: format.schema, strict: true },
      },
    }),
    ...(typeof effort === 'string' && { reasoning_effort: effort === 'max' ? 'xhigh' : effort }),
  };
}

function tools(request: Fields): Fields {
  const { tools: given, tool_choice: choice } = request;
  if (!Array.isArray(given) || given.length === 0) return {};
  const made = given.map((tool: unknown, at) => {
    if (!isRecord(tool) || !isRecord(tool.input_schema) || (tool.type ?? 'custom') !== 'custom') {
      throw unsupported(
        `body.tools[${at}]`,
        'is a tool that only Anthropic runs',
        'Use tools with name and input_schema, or a model of Anthropic.',
      );
    }
    return {
      type: 'function',
      function: {
        name: tool.name,
        ...(typeof tool.description === 'string' && { description: tool.description }),
        parameters: tool.input_schema,
        ...(tool.strict === true && { strict: true }),
      },
    };
  });
  return { tools: made, ...(isRecord(choice) && toolChoice(choice)) };
}

function toolChoice(choice: Fields): Fields {
  const one = choice.disable_parallel_tool_use === true ? { parallel_tool_calls: false } : {};
  switch (choice.type) {
    case 'auto':
    case 'none':
      return { tool_choice: choice.type, ...one };
    case 'any':
      return { tool_choice: 'required', ...one };
    case 'tool':
      return { tool_choice: { type: 'function', function: { name: choice.name } }, ...one };
    default:
      throw invalid('body.tool_choice.type', 'is not a choice', 'Use auto, any, tool or none.');
  }
}
