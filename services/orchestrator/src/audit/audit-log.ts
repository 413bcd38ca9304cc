import type pg from 'pg';
import { describeError } from '../errors/describe.ts';
import type { Logger } from '../logging.ts';
import { guarded } from '../stores/postgres/pool.ts';

/** Something that somebody did to the service. Values never hold a prompt, a document or a key. */
export interface AuditEvent {
  /** Who: the name of the caller's token. */
  readonly actor: string;
  readonly tenant: string;
  /** What, as `budget.limit.set`. */
  readonly action: string;
  /** To what, as `user_123`. */
  readonly subject: string;
  readonly old?: unknown;
  readonly new?: unknown;
  readonly requestId?: string;
}

/** Where events go. */
export interface Audit {
  /** Resolves when the event is stored, or will be as soon as it can: an action in an emergency does not fail for its record. */
  record(event: AuditEvent): Promise<void>;
}

/** What may wait for PostgreSQL at most. */
const MOST_WAITING = 10_000;

/** Events in `audit.event_log`. Each is also a line in the service's log, which needs no database. */
export class AuditLog implements Audit {
  readonly #pool: pg.Pool | undefined;
  readonly #log: Logger;
  #waiting: { readonly event: AuditEvent; readonly at: Date }[] = [];
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(pool: pg.Pool | undefined, log: Logger) {
    this.#pool = pool;
    this.#log = log;
  }

  async record(event: AuditEvent): Promise<void> {
    this.#log.info({
      event: 'audit',
      caller: event.actor,
      reason: event.action,
      ...(event.requestId === undefined ? {} : { request_id: event.requestId }),
    });
    if (!this.#pool) return;
    this.#waiting.push({ event, at: new Date() });
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    await this.#write();
  }

  /** Stores what still waits. */
  async drain(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length > 0) await this.#write();
    clearTimeout(this.#timer);
  }

  /** In the order in which it happened, so one at a time. */
  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeAll());
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const { event, at } = next;
      try {
        await guarded(async () =>
          this.#pool?.query(
            `INSERT INTO audit.event_log ("timestamp", actor, tenant, action, subject, old_value, new_value, request_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
            [
              at,
              event.actor,
              event.tenant,
              event.action,
              event.subject,
              json(event.old),
              json(event.new),
              event.requestId,
            ],
          ),
        );
        this.#waiting.shift();
      } catch (error) {
        this.#log.warn({ event: 'audit_waiting', count: this.#waiting.length, error: describeError(error) });
        this.#timer ??= setTimeout(() => {
          this.#timer = undefined;
          void this.#write();
        }, 1_000);
        this.#timer.unref();
        return;
      }
    }
  }
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
