import { Type } from '@sinclair/typebox';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import type { GatewayDeps } from './deps.ts';

/** GET /v1/models */
export function models(app: App, { gateway, inference }: GatewayDeps): void {
  const created = Math.floor(Date.now() / 1000);
  const listed = new Map<string, string>();
  for (const { name, provider } of gateway.providers.models) listed.set(name, provider);
  if (inference && !listed.has(inference.model)) listed.set(inference.model, 'inference');
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
