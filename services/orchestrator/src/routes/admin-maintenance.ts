import { Type } from '@sinclair/typebox';
import type { Audit } from '../audit/audit-log.ts';
import type { App } from '../http/type-provider.ts';
import type { Maintenance, MaintenanceState } from '../maintenance/maintenance.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';

export interface MaintenanceDeps {
  readonly maintenance: Maintenance;
  readonly audit: Audit;
  /** Tells the other replicas at once. */
  readonly spread: () => void;
}

const State = Type.Object({
  enabled: Type.Boolean(),
  message: Type.String(),
  retry_after_seconds: Type.Integer(),
  by: Type.String({ description: 'Who switched it; empty: nobody yet' }),
  since: Type.String({ description: 'ISO 8601; empty: never' }),
});

/** PUT and GET /admin/maintenance */
export function adminMaintenance(app: App, { maintenance, audit, spread }: MaintenanceDeps): void {
  app.put(
    '/admin/maintenance',
    {
      config: { access: 'admin', duringMaintenance: true },
      schema: {
        tags: ['operations'],
        summary: 'Switch the maintenance mode',
        description:
          'While it is on, every replica answers everything but health, metrics and this with 503 and Retry-After. Streams under way go on.',
        body: Type.Object(
          {
            enabled: Type.Boolean(),
            message: Type.Optional(
              Type.String({ maxLength: 500, pattern: '^[^\\u0000-\\u001f\\u007f]*$', description: 'Told to callers' }),
            ),
            retry_after_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400, default: 60 })),
          },
          { additionalProperties: false },
        ),
        response: { 200: State, ...COMMON_ERRORS },
      },
    },
    async (request) => {
      const { enabled, message = '', retry_after_seconds: retryAfterSeconds = 60 } = request.body;
      const before = maintenance.set({
        enabled,
        message,
        retryAfterSeconds,
        by: request.caller,
        since: new Date().toISOString(),
      });
      spread();
      await audit.record({
        actor: request.caller,
        tenant: request.identity?.tenant ?? '',
        action: enabled ? 'maintenance.enable' : 'maintenance.disable',
        subject: 'service',
        old: view(before),
        new: view(maintenance.current),
        requestId: request.id,
      });
      return view(maintenance.current);
    },
  );

  app.get(
    '/admin/maintenance',
    {
      config: { access: 'admin', duringMaintenance: true },
      schema: { tags: ['operations'], summary: 'The maintenance mode', response: { 200: State, ...COMMON_ERRORS } },
    },
    async () => view(maintenance.current),
  );
}

function view({ enabled, message, retryAfterSeconds, by, since }: MaintenanceState) {
  return { enabled, message, retry_after_seconds: retryAfterSeconds, by, since };
}
