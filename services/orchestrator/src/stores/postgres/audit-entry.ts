import type pg from 'pg';

/** Who did what, and what it changed. */
export interface AuditEntry {
  /** The name of the caller's token. */
  readonly actor: string;
  readonly tenant: string;
  /** Such as `experiment.promote`. */
  readonly action: string;
  /** What it was done to, such as `experiment/<id>`. */
  readonly subject: string;
  readonly oldValue?: unknown;
  readonly newValue?: unknown;
  readonly requestId: string;
}

/** Writes into `audit.event_log`, in the transaction of the change itself: one is never there without the other. */
export async function writeAudit(client: pg.ClientBase, entry: AuditEntry): Promise<void> {
  const { actor, tenant, action, subject, oldValue, newValue, requestId } = entry;
  await client.query(
    `INSERT INTO audit.event_log (actor, tenant, action, subject, old_value, new_value, request_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [actor, tenant, action, subject, json(oldValue), json(newValue), requestId],
  );
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
