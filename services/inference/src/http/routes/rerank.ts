import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { ApiError } from '../../errors/api-error.ts';
import { LOGITS, SENTENCE_EMBEDDING } from '../../import/bert.ts';
import { compute } from '../../models/compute.ts';
import { cosine } from '../../models/cosine.ts';
import type { TextModel } from '../../models/model.ts';
import type { Context } from '../context.ts';
import { checkCount, MOST_INPUTS } from '../inputs.ts';
import { requestSignal } from '../request-signal.ts';
import { OpenAiErrorBody } from '../schemas.ts';

const Document = Type.Union([Type.String(), Type.Object({ text: Type.String() })]);

const Body = Type.Object({
  model: Type.String({ description: 'the name of a model', minLength: 1 }),
  query: Type.String({ description: 'a text' }),
  documents: Type.Array(Document, {
    minItems: 1,
    description: `a list of at most ${MOST_INPUTS} texts, or of objects with a text`,
  }),
  top_n: Type.Optional(Type.Integer({ minimum: 1, description: 'how many of the best to answer with' })),
  return_documents: Type.Optional(Type.Boolean({ description: 'true to have the texts in the answer' })),
  raw_scores: Type.Optional(
    Type.Boolean({ description: 'true for what a cross-encoder computes, instead of a score from 0 to 1' }),
  ),
});

const Answer = Type.Object({
  model: Type.String(),
  results: Type.Array(
    Type.Object({
      index: Type.Integer({ description: 'place in the documents of the request' }),
      relevance_score: Type.Number(),
      document: Type.Optional(Type.Object({ text: Type.String() })),
    }),
  ),
  usage: Type.Object({ prompt_tokens: Type.Integer(), total_tokens: Type.Integer() }),
});

type Request = Static<typeof Body>;

interface Scores {
  readonly scores: readonly number[];
  readonly tokens: number;
}

/**
 * Documents by their relevance to a query: a cross-encoder reads each together with the query, an encoder compares
 * their vectors.
 */
export const rerankRoute: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const { registry, requestTimeoutSeconds } = context;
  const schema = {
    tags: ['rerank and similarity'],
    summary: 'Documents by their relevance to a query',
    body: Body,
    response: { 200: Answer, '4xx': OpenAiErrorBody, '5xx': OpenAiErrorBody },
  };
  app.post('/v1/rerank', { schema }, async (request, reply) => {
    const { body } = request;
    checkCount(body.documents.length, 'documents');
    const documents = body.documents.map((document) => (typeof document === 'string' ? document : document.text));
    const signal = requestSignal(reply, requestTimeoutSeconds);
    const { scores, tokens } = await registry.use(body.model, undefined, async (model) => {
      void reply.header('x-model-version', model.version);
      const result = await score(context, model, body, documents, signal);
      request.work = { model: model.name, version: model.version, inputs: documents.length, tokens: result.tokens };
      return result;
    });
    // Equal scores keep the order of the request.
    const order = scores.map((_, index) => index).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
    return {
      model: body.model,
      results: order.slice(0, body.top_n).map((index) => ({
        index,
        relevance_score: scores[index] ?? 0,
        ...(body.return_documents === true && { document: { text: documents[index] ?? '' } }),
      })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    };
  });
};

async function score(
  context: Context,
  model: Parameters<Parameters<Context['registry']['use']>[2]>[0],
  { query, raw_scores: raw = false }: Request,
  documents: readonly string[],
  signal: AbortSignal,
): Promise<Scores> {
  switch (model.task) {
    case 'classifier':
      return crossEncode(context, model, query, documents, raw, signal);
    case 'encoder':
      return compareVectors(context, model, query, documents, signal);
    case 'tensors':
      throw new ApiError('invalid_request', `"${model.name}" does not read texts`, {
        path: 'model',
        cure: `Ask it at /v2/models/${model.name}/infer, or name a cross-encoder or an encoder.`,
      });
  }
}

async function crossEncode(
  context: Context,
  model: TextModel,
  query: string,
  documents: readonly string[],
  raw: boolean,
  signal: AbortSignal,
): Promise<Scores> {
  const labels = model.outputs[0]?.shape.at(-1) ?? 0;
  if (labels !== 1) {
    throw new ApiError('invalid_request', `"${model.name}" has ${labels} labels, where relevance is one`, {
      path: 'model',
      cure: `Ask it at /v2/models/${model.name}/infer for "${LOGITS}", or name a cross-encoder with one label.`,
    });
  }
  const pairs = documents.map((pair) => ({ text: query, pair }));
  const { results, tokens } = await compute(context, model, pairs, [LOGITS], signal);
  const logits = results.map((result) => result[LOGITS]?.data[0] ?? 0);
  return { tokens, scores: raw ? logits : logits.map((logit) => 1 / (1 + Math.exp(-logit))) };
}

async function compareVectors(
  context: Context,
  model: TextModel,
  query: string,
  documents: readonly string[],
  signal: AbortSignal,
): Promise<Scores> {
  const { results, tokens } = await compute(context, model, [query, ...documents], [SENTENCE_EMBEDDING], signal);
  const [first, ...others] = results.map((result) => result[SENTENCE_EMBEDDING]?.data ?? new Float32Array());
  return { tokens, scores: others.map((vector) => cosine(first ?? new Float32Array(), vector)) };
}
