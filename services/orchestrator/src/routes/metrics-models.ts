import { Type } from '@sinclair/typebox';
import type { App } from '../http/type-provider.ts';
import type { Reports } from '../production/reports.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { windowQuery } from '../schemas/production.ts';

const Nullable = Type.Union([Type.Number(), Type.Null()]);
const Text = Type.Union([Type.String(), Type.Null()]);

/** GET /api/v1/metrics/models */
export function metricsModels(app: App, reports: Reports): void {
  app.get(
    '/api/v1/metrics/models',
    {
      config: { access: 'public', quiet: true },
      schema: {
        tags: ['production'],
        summary: 'How the models did, and which are promoted',
        querystring: windowQuery('24h'),
        response: {
          200: Type.Object({
            window: Type.String(),
            models: Type.Array(
              Type.Object({
                model: Type.String(),
                provider: Type.String(),
                tier: Type.Integer(),
                requests: Type.Integer(),
                errors: Type.Integer(),
                error_rate: Type.Number(),
                cached: Type.Integer(),
                p50_ms: Nullable,
                p95_ms: Nullable,
                first_token_p50_ms: Nullable,
                prompt_tokens: Type.Number(),
                completion_tokens: Type.Number(),
                cost_usd: Type.Number(),
              }),
            ),
            promoted: Type.Array(
              Type.Object({
                id: Type.String(),
                name: Type.String(),
                primary_model: Type.String(),
                secondary_model: Text,
                experiment_id: Text,
                forced: Type.Boolean(),
                promoted_by: Type.String(),
                promoted_at: Type.String(),
              }),
            ),
          }),
          ...COMMON_ERRORS,
        },
      },
    },
    async (request) => {
      const { window = '24h' } = request.query;
      const { totals, active } = await reports.models(window);
      return {
        window,
        models: totals.map((one) => ({
          model: one.model,
          provider: one.provider,
          tier: one.tier,
          requests: one.requests,
          errors: one.errors,
          error_rate: one.requests === 0 ? 0 : Math.round((one.errors / one.requests) * 1e6) / 1e6,
          cached: one.cached,
          p50_ms: one.p50Ms ?? null,
          p95_ms: one.p95Ms ?? null,
          first_token_p50_ms: one.firstTokenP50Ms ?? null,
          prompt_tokens: one.promptTokens,
          completion_tokens: one.completionTokens,
          cost_usd: one.costUsd,
        })),
        promoted: active.map((one) => ({
          id: one.id,
          name: one.name,
          primary_model: one.primaryModel,
          secondary_model: one.secondaryModel ?? null,
          experiment_id: one.experiment ?? null,
          forced: one.forced,
          promoted_by: one.promotedBy,
          promoted_at: one.promotedAt,
        })),
      };
    },
  );
}
