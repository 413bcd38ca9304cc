import { Type } from '@sinclair/typebox';
import type { ExperimentStore } from '../experiments/store.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { ExperimentId, ExperimentSchema, experimentView, RunSchema, runView } from '../schemas/experiments.ts';
import { askerOf } from './asker.ts';

const Result = Type.Object({
  position: Type.Integer(),
  model: Type.String(),
  sample: Type.String(),
  output: Type.Union([Type.String(), Type.Null()]),
  error: Type.Union([Type.String(), Type.Null()]),
  score: Type.Union([Type.Number(), Type.Null()]),
  latency_ms: Type.Number(),
});

/** GET /api/v1/experiments/{id} */
export function experimentsGet(app: App, store: ExperimentStore): void {
  app.get(
    '/api/v1/experiments/:id',
    {
      schema: {
        tags: ['experiments'],
        summary: 'An experiment, its last runs, and the results of the newest one',
        params: ExperimentId,
        response: {
          200: Type.Intersect([
            ExperimentSchema,
            Type.Object({
              runs: Type.Array(RunSchema, { description: 'The last ten, newest first' }),
              results: Type.Array(Result, { description: 'Of the newest run, as far as it is' }),
            }),
          ]),
          ...COMMON_ERRORS,
        },
      },
    },
    async (request) => {
      const experiment = await store.get(request.params.id, askerOf(request).tenant);
      const runs = await store.runs(experiment.id);
      const [newest] = runs;
      const results = newest ? await store.results(newest.id) : [];
      return {
        ...experimentView(experiment),
        runs: runs.map(runView),
        results: results.map(({ position, model, sample, output, error, score, latencyMs }) => ({
          position,
          model,
          sample,
          output: output ?? null,
          error: error ?? null,
          score: score ?? null,
          latency_ms: latencyMs,
        })),
      };
    },
  );
}
