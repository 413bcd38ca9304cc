import { type Static, Type } from '@sinclair/typebox';
import { AppError } from '../errors/app-error.ts';
import type { CallSpec } from '../gateway/call-spec.ts';
import { clientSignal } from '../http/client-signal.ts';
import { sendAnswer, specOf, withoutOwnFields } from '../http/gateway-reply.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import type { InferenceClient } from '../upstream/inference.ts';
import type { GatewayDeps } from './deps.ts';

const Text = Type.String({ minLength: 1, maxLength: 32_768 });

const Body = Type.Object(
  {
    model: Type.String({ minLength: 1, maxLength: 256 }),
    input: Type.Union([Text, Type.Array(Text, { minItems: 1, maxItems: 256 })]),
    encoding_format: Type.Optional(Type.Union([Type.Literal('float'), Type.Literal('base64')], { default: 'float' })),
    dimensions: Type.Optional(Type.Integer({ minimum: 1 })),
    user: Type.Optional(Type.String({ maxLength: 256 })),
    private: Type.Optional(
      Type.Boolean({ description: 'Never leaves tier 0, whatever fails; also as the header x-keelson-private' }),
    ),
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

type Answered = Static<typeof Answer>;

/** POST /v1/embeddings: by the inference service, or by a provider whose model it is. */
export function embeddings(app: App, { gateway, inference }: GatewayDeps): void {
  app.post(
    '/v1/embeddings',
    {
      bodyLimit: 16 * 1024 * 1024,
      schema: {
        tags: ['gateway'],
        summary: 'Embed texts (OpenAI-compatible)',
        body: Body,
        // Sent as the text that it is: a thousand numbers would be checked one by one for nothing.
        response: { 200: Type.Unsafe<string>({ ...Answer }), ...COMMON_ERRORS },
      },
    },
    async (request, reply) => {
      const { private: marked } = request.body;
      const body = withoutOwnFields(request.body);
      const signal = clientSignal(reply);
      const spec = specOf(request, reply, {
        endpoint: 'embeddings',
        body,
        marked,
        endUser: body.user,
        includeUsage: false,
        signal,
      });
      if (!inference || body.model !== inference.model) return sendAnswer(reply, await gateway.answer(spec));
      return sendAnswer(reply, await own(gateway, inference, spec, request.body, signal));
    },
  );
}

/** The model of the inference service. */
function own(
  gateway: GatewayDeps['gateway'],
  inference: InferenceClient,
  spec: CallSpec,
  body: Static<typeof Body>,
  signal: AbortSignal,
) {
  const { model, input, encoding_format: format = 'float', dimensions } = body;
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
  return gateway.local(spec, { provider: 'inference', model }, async () => {
    const { vectors, promptTokens } = await embedAll(inference, texts, signal);
    const answer: Answered = {
      object: 'list',
      model,
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: format === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector,
      })),
      usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
    };
    return { body: JSON.stringify(answer), promptTokens };
  });
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
