import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { SENTENCE_EMBEDDING } from '../../import/bert.ts';
import { compute } from '../../models/compute.ts';
import { cosine } from '../../models/cosine.ts';
import type { Context } from '../context.ts';
import { checkCount, MOST_INPUTS, requireEncoder } from '../inputs.ts';
import { requestSignal } from '../request-signal.ts';
import { OpenAiErrorBody } from '../schemas.ts';

const Body = Type.Object({
  model: Type.String({ description: 'the name of a model', minLength: 1 }),
  source_sentence: Type.String({ description: 'a text' }),
  sentences: Type.Array(Type.String(), {
    minItems: 1,
    description: `a list of at most ${MOST_INPUTS} texts to compare it with`,
  }),
});

const Answer = Type.Object({
  object: Type.Literal('list'),
  model: Type.String(),
  data: Type.Array(
    Type.Object({
      object: Type.Literal('similarity'),
      index: Type.Integer(),
      similarity: Type.Number({ description: 'cosine, from -1 to 1' }),
    }),
  ),
  usage: Type.Object({ prompt_tokens: Type.Integer(), total_tokens: Type.Integer() }),
});

/** How similar texts are to one: the cosine of their vectors. */
export const similarityRoute: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const { registry, requestTimeoutSeconds } = context;
  const schema = {
    tags: ['rerank and similarity'],
    summary: 'How similar texts are to one',
    body: Body,
    response: { 200: Answer, '4xx': OpenAiErrorBody, '5xx': OpenAiErrorBody },
  };
  app.post('/v1/similarity', { schema }, async (request, reply) => {
    const { model: name, source_sentence: source, sentences } = request.body;
    checkCount(sentences.length, 'sentences');
    const signal = requestSignal(reply, requestTimeoutSeconds);
    const { results, tokens } = await registry.use(name, undefined, async (used) => {
      const model = requireEncoder(used);
      void reply.header('x-model-version', model.version);
      const computed = await compute(context, model, [source, ...sentences], [SENTENCE_EMBEDDING], signal);
      const { version } = model;
      request.work = { model: model.name, version, inputs: sentences.length + 1, tokens: computed.tokens };
      return computed;
    });
    const [first = new Float32Array(), ...others] = results.map(
      (result) => result[SENTENCE_EMBEDDING]?.data ?? new Float32Array(),
    );
    return {
      object: 'list' as const,
      model: name,
      data: others.map((vector, index) => ({
        object: 'similarity' as const,
        index,
        similarity: cosine(first, vector),
      })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    };
  });
};
