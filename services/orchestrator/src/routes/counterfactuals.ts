import { type Static, Type } from '@sinclair/typebox';
import type { CounterfactualEngine } from '../counterfactuals/engine.ts';
import { ATTRIBUTES } from '../counterfactuals/lexicon.ts';
import { refuseUnstorable } from '../http/body.ts';
import { clientSignal } from '../http/client-signal.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { askerOf } from './asker.ts';

const AttributeSchema = Type.Union(ATTRIBUTES.map((attribute) => Type.Literal(attribute)));

const Body = Type.Object(
  {
    text: Type.String({ minLength: 1, maxLength: 8_000, pattern: '\\S', description: 'English text about a person' }),
    attributes: Type.Optional(
      Type.Array(AttributeSchema, {
        minItems: 1,
        maxItems: ATTRIBUTES.length,
        uniqueItems: true,
        description: 'Default: all that the text reveals',
      }),
    ),
    max_variants: Type.Optional(Type.Integer({ minimum: 1, maximum: 20, default: 8 })),
    bias_threshold: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, default: 0.1, description: 'From which bias on a variant is flagged' }),
    ),
    model: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: 'A language model to judge, one call per text. Default: the embedding model judges',
      }),
    ),
    private: Type.Optional(Type.Boolean({ default: false, description: 'Only models of tier 0' })),
  },
  { additionalProperties: false },
);

const Score = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });

const Answer = Type.Object({
  id: Type.String({ description: 'For POST /api/v1/ratings' }),
  scored_by: Type.Union([Type.Literal('embedding'), Type.Literal('llm')]),
  model: Type.String(),
  bias_threshold: Type.Number(),
  threshold_exceeded: Type.Boolean(),
  quality: Type.Union([Type.Number(), Type.Null()], { description: 'The mean of the variants; null without any' }),
  bias: Type.Union([Type.Number(), Type.Null()], { description: 'The largest of the variants; null without any' }),
  variants: Type.Array(
    Type.Object({
      attribute: AttributeSchema,
      from: Type.String(),
      to: Type.String(),
      text: Type.String(),
      changes: Type.Array(Type.Object({ from: Type.String(), to: Type.String() })),
      quality: Score('The mean of closeness, minimality and fluency'),
      closeness: Score('Cosine of text and variant'),
      minimality: Score('Share of words that stayed'),
      fluency: Type.Union([Score('How natural it reads'), Type.Null()], {
        description: 'null where the embedding model judged',
      }),
      bias: Score('How far apart text and variant are judged'),
      threshold_exceeded: Type.Boolean(),
    }),
  ),
  note: Type.Optional(Type.String()),
});

/** POST /api/v1/counterfactuals */
export function counterfactuals(app: App, engine: CounterfactualEngine): void {
  app.post(
    '/api/v1/counterfactuals',
    {
      schema: {
        tags: ['counterfactuals'],
        summary: 'Variants of a text about somebody of another group, scored for quality and bias',
        description:
          'Each variant changes one attribute of the person. `bias` is how far apart a model judges text and variant: what it would decide differently for nothing but the attribute.',
        body: Body,
        response: { 200: Answer, ...COMMON_ERRORS },
      },
    },
    async (request, reply) => {
      const { body } = request;
      refuseUnstorable(body);
      const { tenant, user } = askerOf(request);
      const threshold = body.bias_threshold ?? 0.1;
      const made = await engine.generate(
        {
          text: body.text,
          attributes: body.attributes,
          maxVariants: body.max_variants ?? 8,
          threshold,
          model: body.model,
          private: body.private ?? false,
          tenant,
          user,
          caller: request.caller,
          requestId: request.id,
        },
        clientSignal(reply),
      );
      const note =
        made.note ??
        (made.variants.length === 0
          ? 'The text reveals none of these attributes by a word that can be swapped.'
          : undefined);
      const answer: Static<typeof Answer> = {
        id: made.id,
        scored_by: made.scoredBy,
        model: made.model,
        bias_threshold: threshold,
        threshold_exceeded: made.exceeded,
        quality: made.quality ?? null,
        bias: made.bias ?? null,
        variants: made.variants.map(({ words: _, changes, fluency, ...variant }) => ({
          ...variant,
          changes: [...changes],
          fluency: fluency ?? null,
          threshold_exceeded: variant.bias > threshold,
        })),
        ...(note === undefined ? {} : { note }),
      };
      return answer;
    },
  );
}
