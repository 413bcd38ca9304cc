import { Type } from '@sinclair/typebox';
import { notReady } from '../health/readiness.ts';
import type { App } from '../http/type-provider.ts';
import type { HealthDeps } from './deps.ts';

const Reason = Type.Object({ status: Type.String(), reason: Type.Optional(Type.String()) });

const Dependency = Type.Object({
  name: Type.String(),
  hard: Type.Boolean({ description: 'The service is not ready without it' }),
  state: Type.Union([Type.Literal('unknown'), Type.Literal('up'), Type.Literal('down')]),
  latencyMs: Type.Union([Type.Number(), Type.Null()]),
  lastError: Type.Union([Type.Object({ message: Type.String(), at: Type.String() }), Type.Null()]),
  checkedAt: Type.Union([Type.String(), Type.Null()]),
});

const options = { config: { access: 'public', quiet: true } } as const;

/** /health and its parts. None of them asks a dependency: they report what the monitors saw last, so they answer at once. */
export function health(app: App, deps: HealthDeps): void {
  const { lifecycle, monitors } = deps;
  const down = () => monitors.filter(({ status }) => status.state !== 'up');
  const overall = () => {
    const reason = notReady(deps);
    if (reason !== undefined) return { status: 'unavailable', reason };
    const soft = down().map(({ status }) => status.name);
    return soft.length === 0 ? { status: 'ok' } : { status: 'degraded', reason: `down: ${soft.join(', ')}` };
  };

  app.get(
    '/health/live',
    { ...options, schema: { tags: ['health'], summary: 'Whether the process works', response: { 200: Reason } } },
    async () => ({ status: 'ok' }),
  );

  app.get(
    '/health/ready',
    {
      ...options,
      schema: {
        tags: ['health'],
        summary: 'Whether requests should come here',
        response: { 200: Reason, 503: Reason },
      },
    },
    async (_request, reply) => {
      const reason = notReady(deps);
      return reason === undefined ? { status: 'ok' } : reply.code(503).send({ status: 'unavailable', reason });
    },
  );

  app.get(
    '/health/startup',
    {
      ...options,
      schema: { tags: ['health'], summary: 'Whether the start-up is complete', response: { 200: Reason, 503: Reason } },
    },
    async (_request, reply) =>
      lifecycle.started
        ? { status: 'ok' }
        : reply.code(503).send({ status: 'unavailable', reason: `starting: waiting for ${lifecycle.waitingFor}` }),
  );

  app.get(
    '/health',
    {
      ...options,
      schema: { tags: ['health'], summary: 'ok, degraded or unavailable', response: { 200: Reason, 503: Reason } },
    },
    async (_request, reply) => {
      const state = overall();
      return reply.code(state.status === 'unavailable' ? 503 : 200).send(state);
    },
  );

  app.get(
    '/health/detailed',
    {
      ...options,
      schema: {
        tags: ['health'],
        summary: 'The state of each dependency',
        response: {
          200: Type.Object({
            status: Type.String(),
            reason: Type.Optional(Type.String()),
            uptimeSeconds: Type.Integer(),
            dependencies: Type.Array(Dependency),
          }),
        },
      },
    },
    async () => ({
      ...overall(),
      uptimeSeconds: Math.floor(process.uptime()),
      dependencies: monitors.map(({ status }) => status),
    }),
  );
}
