import { Type } from '@sinclair/typebox';
import { clientSignal } from '../http/client-signal.ts';
import { event, sendEvents } from '../http/event-stream.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import type { GatewayDeps } from './deps.ts';

const Body = Type.Object(
  {
    model: Type.String({ minLength: 1, maxLength: 256, description: 'A model of GET /v1/models, or provider/model' }),
    messages: Type.Array(
      Type.Object({ role: Type.String({ minLength: 1, maxLength: 32 }) }, { additionalProperties: true }),
      { minItems: 1, maxItems: 10_000 },
    ),
    stream: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  },
  { additionalProperties: true, description: "OpenAI's chat completion request; further fields are passed on" },
);

/** POST /v1/chat/completions */
export function chatCompletions(app: App, { providers, chat }: GatewayDeps): void {
  app.post(
    '/v1/chat/completions',
    {
      bodyLimit: 16 * 1024 * 1024,
      schema: {
        tags: ['gateway'],
        summary: 'Chat with a configured model (OpenAI-compatible)',
        description:
          'With `stream`, server-sent events that end with `[DONE]`. A stream that is cut ends with an event named `error`, and without `[DONE]`.',
        produces: ['application/json', 'text/event-stream'],
        body: Body,
        response: {
          200: Type.Unsafe<string>({ description: "OpenAI's chat completion, or its stream" }),
          ...COMMON_ERRORS,
        },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const route = providers.route(body.model);
      const signal = clientSignal(reply);
      const { stream, ...rest } = body;
      if (stream !== true) {
        const answer = await chat.complete(route, rest, signal);
        return reply.type('application/json; charset=utf-8').send(answer.body);
      }
      const chunks = await chat.stream(route, { ...rest, stream: true }, signal);
      const events = async function* () {
        for await (const chunk of chunks) yield event(chunk.data);
        yield event('[DONE]');
      };
      return sendEvents(request, reply, events(), signal);
    },
  );
}
