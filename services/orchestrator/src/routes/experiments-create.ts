import { Type } from '@sinclair/typebox';
import type { ExperimentStore } from '../experiments/store.ts';
import { refuseUnstorable } from '../http/body.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import {
  CriteriaSchema,
  criteriaOf,
  ExperimentSchema,
  experimentView,
  ModelName,
  StrategySchema,
} from '../schemas/experiments.ts';
import { actorOf } from './asker.ts';

const Body = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
    description: Type.Optional(Type.String({ maxLength: 4_000 })),
    primary_model: ModelName,
    secondary_model: Type.Optional(ModelName),
    prompt_template: Type.String({
      minLength: 1,
      maxLength: 32_768,
      pattern: '\\S',
      description: 'With {{code}} and {{language}}; without {{code}}, the sample is put below it',
    }),
    routing_strategy: Type.Optional(
      Type.Unsafe<(typeof StrategySchema)['static']>({
        ...StrategySchema,
        default: 'primary',
        description:
          'primary, secondary: that model alone; fallback: the secondary one where the primary fails; split: in turns; both: each sample by both',
      }),
    ),
    tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 32, uniqueItems: true })),
    success_criteria: Type.Optional(CriteriaSchema),
  },
  { additionalProperties: false },
);

/** POST /api/v1/experiments/create */
export function experimentsCreate(app: App, store: ExperimentStore): void {
  app.post(
    '/api/v1/experiments/create',
    {
      schema: {
        tags: ['experiments'],
        summary: 'Create an experiment: a prompt, the models that answer it, and what has to be reached',
        body: Body,
        response: { 201: ExperimentSchema, ...COMMON_ERRORS },
      },
    },
    async (request, reply) => {
      const { body } = request;
      refuseUnstorable(body);
      const experiment = await store.create(
        {
          name: body.name,
          description: body.description ?? '',
          primaryModel: body.primary_model,
          secondaryModel: body.secondary_model,
          promptTemplate: body.prompt_template,
          routingStrategy: body.routing_strategy ?? 'primary',
          tags: body.tags ?? [],
          criteria: criteriaOf(body.success_criteria),
        },
        actorOf(request),
      );
      return reply.code(201).send(experimentView(experiment));
    },
  );
}
