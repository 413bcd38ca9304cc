import { Type } from '@sinclair/typebox';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import type { GatewayDeps } from './deps.ts';

/** GET /v1/models */
export function models(app: App, { providers, inference }: GatewayDeps): void {
  const created = Math.floor(Date.now() / 1000);
  const listed = new Map<string, string>();
  // The first provider of a name is the one that serves it.
  for (const provider of providers.list) {
    for (const model of provider.models) if (!listed.has(model)) listed.set(model, provider.name);
  }
  if (inference) listed.set(inference.model, 'inference');
  const data = [...listed].map(([id, owner]) => ({ id, object: 'model' as const, created, owned_by: owner }));
  app.get(
    '/v1/models',
    {
      schema: {
        tags: ['gateway'],
        summary: 'The models that can be used (OpenAI-compatible)',
        response: {
          200: Type.Object({
            object: Type.Literal('list'),
            data: Type.Array(
              Type.Object({
                id: Type.String(),
                object: Type.Literal('model'),
                created: Type.Integer(),
                owned_by: Type.String(),
              }),
            ),
          }),
          ...COMMON_ERRORS,
        },
      },
    },
    async () => ({ object: 'list' as const, data }),
  );
}
