import { Type } from '@sinclair/typebox';
import { AppError } from '../errors/app-error.ts';
import type { ExperimentRunner } from '../experiments/runner.ts';
import type { ExperimentStore } from '../experiments/store.ts';
import type { Experiment } from '../experiments/types.ts';
import { refuseUnstorable } from '../http/body.ts';
import type { App } from '../http/type-provider.ts';
import type { LanguageModel } from '../ports/language-model.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { ExperimentId } from '../schemas/experiments.ts';
import { actorOf } from './asker.ts';

const Sample = Type.String({ minLength: 1, maxLength: 32_768 });

const Body = Type.Object(
  {
    code_samples: Type.Array(Sample, { minItems: 1, maxItems: 500 }),
    language: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    expected: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 32_768, pattern: '\\S' }), {
        minItems: 1,
        maxItems: 500,
        description:
          'What the answer to each sample has to contain, for the accuracy. Default: the other model of the experiment judges',
      }),
    ),
  },
  { additionalProperties: false },
);

/** POST /api/v1/experiments/run/{id} */
export function experimentsRun(app: App, store: ExperimentStore, runner: ExperimentRunner, model: LanguageModel): void {
  app.post(
    '/api/v1/experiments/run/:id',
    {
      bodyLimit: 16 * 1024 * 1024,
      schema: {
        tags: ['experiments'],
        summary: 'Run an experiment on samples',
        description:
          'Answers at once, and works on in the background: GET /api/v1/experiments/{id} tells how far it is.',
        params: ExperimentId,
        body: Body,
        response: {
          202: Type.Object({
            experiment_id: Type.String(),
            run_id: Type.String(),
            status: Type.Literal('running'),
            samples: Type.Integer(),
          }),
          ...COMMON_ERRORS,
        },
      },
    },
    async (request, reply) => {
      const { code_samples: samples, language, expected } = request.body;
      refuseUnstorable(request.body);
      if (expected && expected.length !== samples.length) {
        throw new AppError('invalid_request', {
          details: [
            {
              path: 'body.expected',
              problem: `has ${expected.length} entries, and there are ${samples.length} samples`,
              cure: 'Give one for each of code_samples, in their order.',
            },
          ],
        });
      }
      const { id } = request.params;
      const actor = actorOf(request);
      checkModels(await store.get(id, actor.tenant), model);
      const { run, experiment } = await store.begin(id, { samples: samples.length, language }, actor);
      runner.start(run, experiment, { samples, expected, language, caller: request.caller });
      return reply
        .code(202)
        .send({ experiment_id: id, run_id: run, status: 'running' as const, samples: samples.length });
    },
  );
}

/** Told before anything runs: else every sample would fail, one by one. */
function checkModels({ primaryModel, secondaryModel, routingStrategy }: Experiment, model: LanguageModel): void {
  const asked = routingStrategy === 'secondary' ? [] : [['primary_model', primaryModel] as const];
  const all = [...asked, ...(secondaryModel === undefined ? [] : [['secondary_model', secondaryModel] as const])];
  const unknown = all.filter(([, name]) => !model.knows(name));
  if (unknown.length === 0) return;
  throw new AppError('model_not_found', {
    details: unknown.map(([field, name]) => ({
      path: `experiment.${field}`,
      problem: `"${name}" is served by no configured provider`,
      cure:
        model.models.length === 0
          ? 'An operator has to configure a provider in PROVIDERS_FILE.'
          : `Create an experiment with one of ${model.models.slice(0, 20).join(', ')}.`,
    })),
  });
}
