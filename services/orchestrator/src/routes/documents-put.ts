import { Type } from '@sinclair/typebox';
import { AppError } from '../errors/app-error.ts';
import { refuseUnstorable } from '../http/body.ts';
import { clientSignal } from '../http/client-signal.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import type { Metrics, RagDeps } from './deps.ts';

/** The longest text of a document, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 5 * 1024 * 1024;

export const DocumentId = Type.String({
  minLength: 1,
  maxLength: 256,
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
  description: 'Chosen by the caller, such as a path; without control characters',
});

const Body = Type.Object(
  {
    id: DocumentId,
    text: Type.String({ minLength: 1, pattern: '\\S', description: 'Markdown or plain text, at most 5 MiB of UTF-8' }),
    title: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'Default: the first heading, else the id' }),
    ),
    source: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2048, description: 'Shown with every citation. Default: the id' }),
    ),
    metadata: Type.Optional(Type.Record(Type.String({ maxLength: 128 }), Type.Unknown(), { maxProperties: 64 })),
  },
  { additionalProperties: false },
);

const Answer = Type.Object({
  id: Type.String(),
  passages: Type.Integer({ minimum: 0 }),
  unchanged: Type.Boolean({ description: 'The same content was stored already' }),
});

/** POST /api/v1/documents */
export function documentsPut(app: App, { writer }: RagDeps, metrics: Metrics): void {
  app.post(
    '/api/v1/documents',
    {
      config: { access: 'writer' },
      // JSON escapes can double a text: the limit of the text itself is checked below.
      bodyLimit: 2 * MAX_TEXT_BYTES + 1024 * 1024,
      schema: {
        tags: ['rag'],
        summary: 'Store a document, or replace the one with this id',
        description: 'Idempotent by id and content. Readers see the old passages or the new ones, never a mixture.',
        body: Body,
        response: { 200: Answer, ...COMMON_ERRORS },
      },
    },
    async (request, reply) => {
      const { body } = request;
      refuseUnstorable(body);
      if (Buffer.byteLength(body.text) > MAX_TEXT_BYTES) {
        throw new AppError('body_too_large', {
          details: [
            { path: 'body.text', problem: `is longer than ${MAX_TEXT_BYTES} bytes`, cure: 'Split the document.' },
          ],
        });
      }
      const result = await writer.put(body, clientSignal(reply));
      if (!result.unchanged) metrics.passagesWritten.inc(result.passages);
      return result;
    },
  );
}
