import { Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppError } from '../errors/app-error.ts';
import { toAppError } from '../errors/handler.ts';
import type { CallSpec } from '../gateway/call-spec.ts';
import { ClientGone } from '../http/client-gone.ts';
import { event } from '../http/event-stream.ts';
import { gatewayHeaders, orError, sendAnswer, sendLater, specOf, withoutOwnFields } from '../http/gateway-reply.ts';
import { messagesError, sendMessagesError } from '../http/messages-error.ts';
import { relay } from '../http/relay.ts';
import type { App } from '../http/type-provider.ts';
import type { GatewayDeps } from './deps.ts';

const Body = Type.Object(
  {
    model: Type.String({ minLength: 1, maxLength: 256, description: 'A model of GET /v1/models, or provider/model' }),
    max_tokens: Type.Integer({ minimum: 1 }),
    messages: Type.Array(
      Type.Object({ role: Type.String({ minLength: 1, maxLength: 32 }) }, { additionalProperties: true }),
      { minItems: 1, maxItems: 100_000 },
    ),
    stream: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
    metadata: Type.Optional(
      Type.Union([
        Type.Object(
          { user_id: Type.Optional(Type.Union([Type.String({ maxLength: 512 }), Type.Null()])) },
          { additionalProperties: true },
        ),
        Type.Null(),
      ]),
    ),
    private: Type.Optional(
      Type.Boolean({ description: 'Never leaves tier 0, whatever fails; also as the header x-keelson-private' }),
    ),
  },
  { additionalProperties: true, description: "Anthropic's request for a message; further fields are passed on" },
);

const ErrorAnswer = Type.Object({
  type: Type.Literal('error'),
  error: Type.Object({ type: Type.String(), message: Type.String() }, { additionalProperties: true }),
  request_id: Type.String(),
});

/** POST /v1/messages */
export function messages(app: App, { gateway, lifecycle }: GatewayDeps): void {
  app.post(
    '/v1/messages',
    {
      bodyLimit: 16 * 1024 * 1024,
      schema: {
        tags: ['gateway'],
        summary: "Chat with a configured model (Anthropic's Messages API)",
        description:
          'With `stream`, server-sent events that end with `message_stop`. A stream that is cut ends with an event named `error`, and without `message_stop`.',
        produces: ['application/json', 'text/event-stream'],
        body: Body,
        response: {
          200: Type.Unsafe<string>({ description: "Anthropic's message, or its stream" }),
          '4xx': ErrorAnswer,
          '5xx': ErrorAnswer,
        },
      },
      errorHandler: (error, request, reply) => void sendMessagesError(reply, toAppError(error), request),
    },
    (request, reply) => {
      const { private: marked } = request.body;
      const body = withoutOwnFields(request.body);
      const { metadata } = body;
      const spec = specOf(request, reply, {
        endpoint: 'messages',
        body,
        marked,
        endUser: metadata?.user_id,
        includeUsage: true,
        signal: new ClientGone(reply),
      });
      if (spec.stream) orError(reply, stream(request, reply, spec));
      else sendLater(reply, gateway.answer(spec));
    },
  );

  const stream = async (request: FastifyRequest, reply: FastifyReply, spec: CallSpec): Promise<void> => {
    const opened = await gateway.stream(spec);
    if (opened.kind === 'answer') {
      sendAnswer(reply, opened.answer);
      return;
    }
    gatewayHeaders(reply, opened.stream.target, false);
    relay(request, reply, opened.stream, {
      errorEvent: (error: AppError) => event(JSON.stringify(messagesError(error, request.id)), 'error'),
      closing: () => lifecycle.draining,
    });
  };
}
