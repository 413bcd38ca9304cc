import type { ModelClient } from '../gateway/model-client.ts';
import { isRecord } from '../json.ts';
import type { LanguageModel, ModelAnswer, ModelContext, ModelRequest, ToolCall } from '../ports/language-model.ts';

/** The gateway's models as those of agents, experiments and counterfactuals. */
export class ChatModel implements LanguageModel {
  readonly #client: ModelClient;

  constructor(client: ModelClient) {
    this.#client = client;
  }

  get models(): readonly string[] {
    return this.#client.models;
  }

  get preferred(): string | undefined {
    return this.#client.answerModel;
  }

  knows(model: string): boolean {
    return this.#client.knows(model);
  }

  async complete(request: ModelRequest, context: ModelContext, signal: AbortSignal): Promise<ModelAnswer> {
    const { callId: id, caller, route, fresh = false } = context;
    const { completion, ...answer } = await this.#client.complete(request, {
      id,
      caller,
      route,
      private: context.private,
      fresh,
      signal,
    });
    return { ...answer, ...readChoice(completion) };
  }
}

/** The parts of a chat completion that the service itself works with. */
export function readChoice(
  completion: Readonly<Record<string, unknown>>,
): Pick<ModelAnswer, 'toolCalls' | 'message' | 'finishReason'> {
  const choice = record(list(completion.choices)[0]);
  const message = record(choice.message);
  const toolCalls = list(message.tool_calls).flatMap((call, at): ToolCall[] => {
    const { id, function: called } = record(call);
    const { name, arguments: given } = record(called);
    if (typeof name !== 'string') return [];
    return [
      { id: typeof id === 'string' ? id : `call_${at}`, name, arguments: typeof given === 'string' ? given : '{}' },
    ];
  });
  const { finish_reason: reason } = choice;
  return { toolCalls, message, finishReason: typeof reason === 'string' ? reason : undefined };
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
