import { Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallSpec } from '../gateway/call-spec.ts';
import { chunksOfCompletion } from '../gateway/chunks-of-completion.ts';
import { ClientGone } from '../http/client-gone.ts';
import { event } from '../http/event-stream.ts';
import { gatewayHeaders, orError, sendLater, specOf, withoutOwnFields } from '../http/gateway-reply.ts';
import { relay } from '../http/relay.ts';
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
    stream_options: Type.Optional(
      Type.Union([
        Type.Object(
          { include_usage: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])) },
          { additionalProperties: true },
        ),
        Type.Null(),
      ]),
    ),
    max_tokens: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()])),
    max_completion_tokens: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()])),
    n: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 128 }), Type.Null()])),
    user: Type.Optional(Type.Union([Type.String({ maxLength: 512 }), Type.Null()])),
    private: Type.Optional(
      Type.Boolean({ description: 'Never leaves tier 0, whatever fails; also as the header x-keelson-private' }),
    ),
  },
  { additionalProperties: true, description: "OpenAI's chat completion request; further fields are passed on" },
);

/** POST /v1/chat/completions */
export function chatCompletions(app: App, { gateway, lifecycle }: GatewayDeps): void {
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
    (request, reply) => {
      const { private: marked } = request.body;
      const body = withoutOwnFields(request.body);
      const spec = specOf(request, reply, {
        endpoint: 'chat',
        body,
        marked,
        endUser: body.user,
        includeUsage: body.stream_options?.include_usage === true,
        signal: new ClientGone(reply),
      });
      if (spec.stream) orError(reply, stream(request, reply, spec));
      else sendLater(reply, gateway.answer(spec));
    },
  );

  const stream = async (request: FastifyRequest, reply: FastifyReply, spec: CallSpec): Promise<void> => {
    const opened = await gateway.stream(spec);
    if (opened.kind === 'answer') {
      const { answer } = opened;
      gatewayHeaders(reply, answer.target, answer.cached);
      void reply
        .type('text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(chunksOfCompletion(answer.body.toString(), spec.includeUsage));
      return;
    }
    gatewayHeaders(reply, opened.stream.target, false);
    relay(request, reply, opened.stream, {
      errorEvent: (error) => event(JSON.stringify(error.toBody(request.id)), 'error'),
      closing: () => lifecycle.draining,
    });
  };
}
