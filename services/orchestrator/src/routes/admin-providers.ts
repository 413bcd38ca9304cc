import { Type } from '@sinclair/typebox';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import type { GatewayDeps } from './deps.ts';

const Times = Type.Object(
  {
    p50: Type.Union([Type.Number(), Type.Null()]),
    p95: Type.Union([Type.Number(), Type.Null()]),
    samples: Type.Integer(),
  },
  { description: 'Milliseconds, over the last 256 calls of this replica' },
);

const Provider = Type.Object({
  name: Type.String(),
  kind: Type.String(),
  tier: Type.Integer(),
  models: Type.Array(Type.String()),
  breaker: Type.Union([Type.Literal('closed'), Type.Literal('half-open'), Type.Literal('open')], {
    description: 'open: it failed too often, and gets no calls; half-open: one call is let through, to see',
  }),
  retryInMs: Type.Integer({ description: 'Until it gets calls again; 0 when it does' }),
  inFlight: Type.Integer(),
  latencyMs: Times,
  firstTokenMs: Times,
  lastError: Type.Union([Type.Object({ code: Type.String(), at: Type.String() }), Type.Null()]),
});

/** GET /admin/providers */
export function adminProviders(app: App, { gateway }: GatewayDeps): void {
  app.get(
    '/admin/providers',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['operations'],
        summary: 'The providers of language models: tier, breaker and latency, as this replica sees them',
        response: { 200: Type.Object({ providers: Type.Array(Provider) }), ...COMMON_ERRORS },
      },
    },
    async () => ({
      providers: gateway.providers.list.map((backend) => ({
        name: backend.name,
        kind: backend.kind,
        tier: backend.tier,
        models: backend.config.models.map(({ name }) => name),
        breaker: backend.breaker.state,
        retryInMs: Math.ceil(Math.max(backend.restingForMs, backend.breaker.closedForMs)),
        inFlight: backend.inFlight,
        latencyMs: backend.latency.summary,
        firstTokenMs: backend.firstToken.summary,
        lastError: backend.lastError ?? null,
      })),
    }),
  );
}
