import { Type } from '@sinclair/typebox';
import type { DependencyMonitor } from '../dependencies/monitor.ts';
import type { App } from '../http/type-provider.ts';
import type { Lifecycle } from '../lifecycle.ts';
import type { Reports } from '../production/reports.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';

export interface HealthStatusDeps {
  readonly reports: Reports;
  readonly lifecycle: Lifecycle;
  readonly monitors: readonly DependencyMonitor[];
}

/** GET /api/v1/health/status */
export function healthStatus(app: App, { reports, lifecycle, monitors }: HealthStatusDeps): void {
  app.get(
    '/api/v1/health/status',
    {
      config: { access: 'public', quiet: true },
      schema: {
        tags: ['production'],
        summary: 'Production at a glance: dependencies, objectives, promoted models',
        response: {
          200: Type.Object({
            status: Type.Union([Type.Literal('healthy'), Type.Literal('degraded'), Type.Literal('unavailable')], {
              description:
                'degraded: something that can be done without is gone, or an objective is not kept; unavailable: starting, shutting down, or without something it needs',
            }),
            reasons: Type.Array(Type.String()),
            uptime_seconds: Type.Integer(),
            dependencies: Type.Record(Type.String(), Type.String()),
            slo: Type.Union(
              ['compliant', 'violated', 'no_data', 'unknown'].map((status) => Type.Literal(status)),
              { description: 'Of the last hour' },
            ),
            active_models: Type.Integer({ description: 'Promoted from experiments' }),
          }),
          ...COMMON_ERRORS,
        },
      },
    },
    async () => {
      const down = monitors.map(({ status }) => status).filter(({ state }) => state !== 'up');
      const fatal = [
        ...(lifecycle.draining ? ['shutting down'] : []),
        ...(lifecycle.started ? [] : [`starting: waiting for ${lifecycle.waitingFor}`]),
        ...down.filter(({ hard }) => hard).map(({ name }) => `${name} is down`),
      ];
      // Without the database there is no report; that it is gone is among the reasons already.
      const [slo, models] = await Promise.all([
        reports.slo('1h').catch(() => undefined),
        reports.models('1h').catch(() => undefined),
      ]);
      const soft = [
        ...down.filter(({ hard }) => !hard).map(({ name }) => `${name} is down`),
        ...(slo?.status === 'violated' ? ['an objective is not kept, see /api/v1/health/slo'] : []),
        ...(slo === undefined ? ['the samples cannot be read'] : []),
      ];
      return {
        status:
          fatal.length > 0 ? ('unavailable' as const) : soft.length > 0 ? ('degraded' as const) : ('healthy' as const),
        reasons: [...fatal, ...soft],
        uptime_seconds: Math.floor(process.uptime()),
        dependencies: Object.fromEntries(monitors.map(({ status }) => [status.name, status.state])),
        slo: slo?.status ?? ('unknown' as const),
        active_models: models?.active.length ?? 0,
      };
    },
  );
}
