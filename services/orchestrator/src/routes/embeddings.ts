import { type Static, Type } from '@sinclair/typebox';
import { AppError } from '../errors/app-error.ts';
import { clientSignal } from '../http/client-signal.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import type { InferenceClient } from '../upstream/inference.ts';

const Text = Type.String({ minLength: 1, maxLength: 32_768 });

const Body = Type.Object(
  {
    model: Type.String({ minLength: 1, maxLength: 256 }),
    input: Type.Union([Text, Type.Array(Text, { minItems: 1, maxItems: 256 })]),
    encoding_format: Type.Optional(Type.Union([Type.Literal('float'), Type.Literal('base64')], { default: 'float' })),
    dimensions: Type.Optional(Type.Integer({ minimum: 1 })),
    user: Type.Optional(Type.String({ maxLength: 256 })),
  },
  { additionalProperties: false },
);

const Answer = Type.Object({
  object: Type.Literal('list'),
  model: Type.String(),
  data: Type.Array(
    Type.Object({
      object: Type.Literal('embedding'),
      index: Type.Integer(),
      embedding: Type.Union([
        Type.Array(Type.Number()),
        Type.String({ description: 'base64 of little-endian float32' }),
      ]),
    }),
  ),
  usage: Type.Object({ prompt_tokens: Type.Integer(), total_tokens: Type.Integer() }),
});

/** POST /v1/embeddings */
export function embeddings(app: App, inference: InferenceClient): void {
  app.post(
    '/v1/embeddings',
    {
      bodyLimit: 16 * 1024 * 1024,
      schema: {
        tags: ['gateway'],
        summary: 'Embed texts (OpenAI-compatible)',
        body: Body,
        response: { 200: Answer, ...COMMON_ERRORS },
      },
    },
    async (request, reply) => {
      const { model, input, encoding_format: format = 'float', dimensions } = request.body;
      if (model !== inference.model) {
        throw new AppError('model_not_found', {
          details: [{ path: 'body.model', problem: 'is no embedding model here', cure: `Use ${inference.model}.` }],
        });
      }
      if (dimensions !== undefined && dimensions !== inference.dimension) {
        throw new AppError('invalid_request', {
          details: [
            {
              path: 'body.dimensions',
              problem: 'cannot be chosen for this model',
              cure: `Leave it out; vectors have ${inference.dimension} values.`,
            },
          ],
        });
      }
      const texts = typeof input === 'string' ? [input] : input;
      const { vectors, promptTokens } = await embedAll(inference, texts, clientSignal(reply));
      const answer: Static<typeof Answer> = {
        object: 'list',
        model,
        data: vectors.map((vector, index) => ({
          object: 'embedding',
          index,
          embedding: format === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector,
        })),
        usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
      };
      return answer;
    },
  );
}

/** In parts, so that one large request does not fill the queue of the inference service. */
async function embedAll(inference: InferenceClient, texts: readonly string[], signal: AbortSignal) {
  const vectors: number[][] = [];
  let promptTokens = 0;
  for (let at = 0; at < texts.length; at += 32) {
    const part = await inference.request(texts.slice(at, at + 32), signal);
    vectors.push(...part.vectors);
    promptTokens += part.promptTokens;
  }
  return { vectors, promptTokens };
}
