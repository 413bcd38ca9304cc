import { createServer, type ServerResponse } from 'node:http';
import { DEFAULT_TIMEOUTS, type ProviderConfig } from '../../../../services/orchestrator/src/providers/config.ts';
import { type ModelConfig, plainModel } from '../../../../services/orchestrator/src/providers/config-models.ts';

/** One message of a conversation as a provider gets it. */
export interface Message {
  readonly role: string;
  readonly content: string | null;
  readonly tool_call_id?: string;
}

export interface Asked {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
  readonly tool_choice?: string;
  readonly stream?: boolean;
}

/** What the model says: a text, or tools that it wants to be called; or a status with which the provider refuses. */
export type Reply =
  | string
  | { readonly calls: readonly { readonly name: string; readonly args: unknown }[] }
  | { readonly status: number };

/** A provider whose models answer as a test says. */
export class ScriptedModel {
  readonly asked: Asked[] = [];
  /** Streams that were given up before their end. */
  abandoned = 0;
  /** Before each word of a stream. */
  pace: () => Promise<void> = async () => undefined;
  reply: (asked: Asked, at: number) => Reply | Promise<Reply> = () => 'Yes.';
  readonly #server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const asked: Asked = JSON.parse(body);
    this.asked.push(asked);
    const reply = await this.reply(asked, this.asked.length - 1);
    response.setHeader('content-type', 'application/json');
    if (typeof reply === 'object' && 'status' in reply) {
      response.statusCode = reply.status;
      response.end('{"error":{"message":"no"}}');
      return;
    }
    if (asked.stream === true && typeof reply === 'string') {
      await this.#stream(response, reply);
      return;
    }
    const message =
      typeof reply === 'string'
        ? { role: 'assistant', content: reply }
        : {
            role: 'assistant',
            content: null,
            tool_calls: reply.calls.map(({ name, args }, at) => ({
              id: `call_${this.asked.length}_${at}`,
              type: 'function',
              function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
            })),
          };
    const finish_reason = typeof reply === 'string' ? 'stop' : 'tool_calls';
    response.end(
      JSON.stringify({
        id: 'c',
        object: 'chat.completion',
        created: 1,
        model: asked.model,
        choices: [{ index: 0, message, finish_reason }],
        usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      }),
    );
  });
  #url = '';

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.#url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  get baseUrl(): string {
    return `${this.#url}/v1`;
  }

  /** The provider in the gateway's configuration; 1 and 10 US dollars for a million tokens. */
  config(models: readonly string[], answerModel?: string): ProviderConfig {
    return {
      name: 'local',
      kind: 'openai-compatible',
      baseUrl: this.baseUrl,
      tier: 0,
      models: models.map(
        (name): ModelConfig => ({ ...plainModel(name), price: { input: 1, cachedInput: 1, output: 10 } }),
      ),
      apiKeyFile: undefined,
      answerModel,
      timeouts: DEFAULT_TIMEOUTS,
    };
  }

  async #stream(response: ServerResponse, text: string): Promise<void> {
    response.setHeader('content-type', 'text/event-stream');
    response.once('close', () => {
      if (!response.writableFinished) this.abandoned += 1;
    });
    const send = (fields: object) =>
      response.write(
        `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', ...fields })}\n\n`,
      );
    const delta = (part: object, finish_reason: string | null = null) =>
      send({ choices: [{ index: 0, delta: part, finish_reason }] });
    delta({ role: 'assistant', content: '' });
    for (const content of text.split(/(?<=\s)/)) {
      await this.pace();
      delta({ content });
    }
    delta({}, 'stop');
    send({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } });
    response.end('data: [DONE]\n\n');
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
