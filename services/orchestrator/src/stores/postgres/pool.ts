import pg from 'pg';
import { AppError } from '../../errors/app-error.ts';
import { describeError } from '../../errors/describe.ts';

/** How to reach PostgreSQL. */
export interface PostgresOptions {
  /** postgresql://host:port/database */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /**
   * The role that the pool's connections work as, so that a fault cannot write into what belongs to another version.
   * Migrations run as the user. @default - the user's own rights
   */
  readonly role?: string | undefined;
  /** @default 10 */
  readonly maxConnections?: number;
}

/** A pool that survives the server going away: broken connections are dropped, and the next query makes a new one. */
export function createPool(options: PostgresOptions): pg.Pool {
  const pool = new pg.Pool({
    ...connectionConfig(options),
    // Letters, digits and underscores, as the configuration has checked.
    ...(options.role === undefined ? {} : { options: `-c role=${options.role}` }),
    max: options.maxConnections ?? 10,
    idleTimeoutMillis: 60_000,
    statement_timeout: 30_000,
    query_timeout: 35_000,
  });
  // Without a listener, an idle connection that the server closes would end the process. The pool drops it by itself.
  pool.on('error', () => undefined);
  return pool;
}

/** Resolves when the server answers a query. */
export async function pingPostgres(pool: pg.Pool): Promise<void> {
  await guarded(() => pool.query('SELECT 1'));
}

/** The connection settings shared by the pool and the migrations. */
export function connectionConfig(options: PostgresOptions): pg.ClientConfig {
  const url = new URL(options.url);
  return {
    host: url.hostname,
    port: Number(url.port || 5432),
    database: decodeURIComponent(url.pathname.slice(1)) || 'postgres',
    user: options.user,
    password: options.password,
    ...(url.searchParams.get('sslmode') === 'require' ? { ssl: true } : {}),
    application_name: 'keelson-orchestrator',
    connectionTimeoutMillis: 3_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

/** Runs `work`, and turns a lost connection into the catalogue's error; an error of the statement itself stays as it is. */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError || !isConnectionError(error)) throw error;
    throw new AppError('dependency_unavailable', { message: `PostgreSQL: ${describeError(error)}.`, cause: error });
  }
}

/**
 * Class 08 is a connection exception, 57P a server that shuts down or starts, 53 out of connections or memory, 28 and 3D a
 * wrong password or database; a missing relation (42P01, 3F000) means that the migrations have not run yet; class 40 is
 * a deadlock, which passes when it is tried again. What has no SQLSTATE came from the socket.
 * https://www.postgresql.org/docs/15/errcodes-appendix.html (2026-11-21)
 */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return true;
  return /^(08|40|57P|57014|53|28|3D|3F000|42P01)/.test(error.code ?? '');
}
