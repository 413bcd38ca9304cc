import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { ApiError } from '../../errors/api-error.ts';
import { SENTENCE_EMBEDDING } from '../../import/bert.ts';
import { type Computed, compute, type Input } from '../../models/compute.ts';
import type { TextModel } from '../../models/model.ts';
import { turns } from '../../models/turns.ts';
import type { Context } from '../context.ts';
import { checkCount, checkTokens, MOST_INPUTS, requireEncoder } from '../inputs.ts';
import { numbers, sendJson } from '../json-stream.ts';
import { requestSignal } from '../request-signal.ts';
import { OpenAiErrorBody } from '../schemas.ts';

const Tokens = Type.Array(Type.Integer(), { minItems: 1 });

const Body = Type.Object({
  model: Type.String({ description: 'the name of a model', minLength: 1 }),
  input: Type.Union(
    [Type.String(), Type.Array(Type.String(), { minItems: 1 }), Tokens, Type.Array(Tokens, { minItems: 1 })],
    { description: `a text, a list of at most ${MOST_INPUTS} texts, a list of token ids, or a list of such lists` },
  ),
  encoding_format: Type.Optional(
    Type.Enum(['float', 'base64'], { description: '"float", or "base64" for 32-bit floats, lowest byte first' }),
  ),
  dimensions: Type.Optional(Type.Integer({ minimum: 1, description: 'the dimension of the model, or nothing' })),
  user: Type.Optional(Type.String({ description: 'a text; it is not used' })),
});

const Answer = Type.Object({
  object: Type.Literal('list'),
  data: Type.Array(
    Type.Object({
      object: Type.Literal('embedding'),
      index: Type.Integer(),
      embedding: Type.Union([Type.Array(Type.Number()), Type.String()]),
    }),
  ),
  model: Type.String(),
  usage: Type.Object({ prompt_tokens: Type.Integer(), total_tokens: Type.Integer() }),
});

/** Embeddings as OpenAI's API gives them. Texts longer than the model's window are cut to it. */
export const openAiEmbeddingsRoute: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const { registry, requestTimeoutSeconds } = context;
  const schema = {
    tags: ['openai'],
    summary: 'Embeddings of texts',
    body: Body,
    response: { '4xx': OpenAiErrorBody, '5xx': OpenAiErrorBody },
  };
  // Described by hand: the answer is written in pieces, past the serialiser.
  const described = { ...schema, response: { 200: Answer, ...schema.response } };
  app.post('/v1/embeddings', { schema: described }, async (request, reply) => {
    const { body } = request;
    const signal = requestSignal(reply, requestTimeoutSeconds);
    const { computed, size } = await registry.use(body.model, undefined, async (used) => {
      const model = requireEncoder(used);
      checkDimensions(model, body.dimensions);
      const inputs = toInputs(model, body.input);
      checkCount(inputs.length, 'input');
      const result = await compute(context, model, inputs, [SENTENCE_EMBEDDING], signal);
      const { name, version } = model;
      request.work = { model: name, version, inputs: inputs.length, tokens: result.tokens };
      void reply.header('x-model-version', version);
      return { computed: result, size: inputs.length * model.description.hiddenSize };
    });
    // A batch may be the last of several large requests, whose answers would all be written in one go.
    if (turns.busy) await turns.next();
    return sendJson(reply, answer(body, computed), size);
  });
};

function checkDimensions({ name, description: { hiddenSize } }: TextModel, dimensions: number | undefined): void {
  if (dimensions === undefined || dimensions === hiddenSize) return;
  throw new ApiError('invalid_request', `dimensions is ${dimensions}, but "${name}" gives ${hiddenSize}`, {
    path: 'dimensions',
    cure: `Leave dimensions out, or send ${hiddenSize}: the model was not trained to be cut shorter.`,
  });
}

function toInputs(model: TextModel, input: Static<typeof Body>['input']): Input[] {
  if (typeof input === 'string') return [input];
  const lists: Input[] = [];
  const single: number[] = [];
  for (const [index, item] of input.entries()) {
    if (typeof item === 'string') lists.push(item);
    else if (typeof item === 'number') single.push(item);
    else lists.push({ ids: checkTokens(model, item, `input[${index}]`) });
  }
  return single.length > 0 ? [{ ids: checkTokens(model, single, 'input') }] : lists;
}

function* answer(
  { model, encoding_format: format }: Static<typeof Body>,
  { results, tokens }: Computed,
): Generator<string> {
  yield '{"object":"list","data":[';
  for (const [index, result] of results.entries()) {
    const { data } = result[SENTENCE_EMBEDDING] ?? { data: new Float32Array() };
    const embedding = format === 'base64' ? `"${base64(data)}"` : `[${numbers(data)}]`;
    yield `${index === 0 ? '' : ','}{"object":"embedding","index":${index},"embedding":${embedding}}`;
  }
  const usage = JSON.stringify({ prompt_tokens: tokens, total_tokens: tokens });
  yield `],"model":${JSON.stringify(model)},"usage":${usage}}`;
}

/** Every platform that ONNX Runtime's Node binding exists for stores the lowest byte first, as the format asks. */
function base64(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}
