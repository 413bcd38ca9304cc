import { Type } from '@sinclair/typebox';
import { FEATURES, type FeatureSet } from '../features.ts';
import type { App } from '../http/type-provider.ts';
import type { LanguageModel } from '../ports/language-model.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';

/** GET /api/v1/session: what a page has to know about the token that was entered */
export function session(app: App, features: FeatureSet, model: LanguageModel): void {
  app.get(
    '/api/v1/session',
    {
      schema: {
        tags: ['operations'],
        summary: 'Who the token belongs to, and what is served here',
        response: {
          200: Type.Object({
            caller: Type.String(),
            user: Type.String({ description: 'Whose budget is charged' }),
            tenant: Type.String(),
            tier: Type.String(),
            roles: Type.Array(Type.String()),
            features: Type.Array(Type.String()),
            models: Type.Array(Type.String(), { description: 'Language models, by the names that requests use' }),
          }),
          ...COMMON_ERRORS,
        },
      },
    },
    async ({ caller, identity }) => ({
      caller,
      user: identity?.user ?? caller,
      tenant: identity?.tenant ?? caller,
      tier: identity?.tier ?? 'standard',
      roles: [...(identity?.roles ?? [])],
      features: FEATURES.filter((feature) => features[feature]),
      models: [...model.models],
    }),
  );
}
