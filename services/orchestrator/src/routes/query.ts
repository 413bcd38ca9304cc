import { Type } from '@sinclair/typebox';
import { refuseUnstorable } from '../http/body.ts';
import { clientSignal } from '../http/client-signal.ts';
import { event, sendEvents } from '../http/event-stream.ts';
import type { App } from '../http/type-provider.ts';
import type { Answerer } from '../retrieval/answerer.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { CitationSchema, Query } from '../schemas/retrieval.ts';
import type { Metrics } from './deps.ts';

const AnswerSchema = Type.Object({
  answer: Type.String({ description: 'With markers such as [1] for the citations' }),
  mode: Type.Union([Type.Literal('extractive'), Type.Literal('generated'), Type.Literal('none')], {
    description:
      'extractive: quoted from the passages; generated: worded by a language model from them; none: no document covers it',
  }),
  grounded: Type.Boolean({ description: 'Whether stored documents cover the question' }),
  citations: Type.Array(CitationSchema),
});

/** POST /api/v1/query */
export function query(app: App, answerer: Answerer, metrics: Metrics): void {
  app.post(
    '/api/v1/query',
    {
      schema: {
        tags: ['rag'],
        summary: 'Answer a question from the stored documents, with citations',
        description:
          'With `stream`, server-sent events: `citations` (the list), then `delta` (parts of the answer), then `done` (mode and grounded). A failure ends the stream with `error` instead of `done`.',
        produces: ['application/json', 'text/event-stream'],
        body: Type.Object(
          {
            query: Query,
            limit: Type.Optional(
              Type.Integer({ minimum: 1, maximum: 50, default: 4, description: 'Citations at most' }),
            ),
            stream: Type.Optional(Type.Boolean({ default: false })),
          },
          { additionalProperties: false },
        ),
        response: { 200: AnswerSchema, ...COMMON_ERRORS },
      },
    },
    async (request, reply) => {
      const { query: question, limit = 4, stream = false } = request.body;
      refuseUnstorable(request.body);
      const signal = clientSignal(reply);
      const { id, caller } = request;
      const asker = { id, caller, route: '/api/v1/query', signal };
      if (!stream) {
        const answer = await answerer.answer(question, limit, asker);
        metrics.answers.inc({ mode: answer.mode });
        return reply.send(answer);
      }
      const parts = answerer.stream(question, limit, asker);
      const events = async function* () {
        for await (const part of parts) {
          if (part.kind === 'done') metrics.answers.inc({ mode: part.mode });
          const { kind, ...rest } = part;
          yield event(JSON.stringify(rest), kind);
        }
      };
      return sendEvents(request, reply, events(), signal);
    },
  );
}
