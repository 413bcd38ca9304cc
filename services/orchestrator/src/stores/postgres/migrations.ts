import { runner } from 'node-pg-migrate';
import { connectionConfig, type PostgresOptions } from './pool.ts';

export interface MigrationOptions {
  readonly postgres: PostgresOptions;
  /** The folder with the SQL files. */
  readonly dir: string;
  /** @default up */
  readonly direction?: 'up' | 'down';
  /** How many to take. @default all when up, 1 when down */
  readonly count?: number;
  /** Told the name of each migration before it runs. */
  readonly onMessage?: (message: string) => void;
}

/**
 * Brings the database to the newest schema, or back. All pending migrations run in one transaction and under an advisory
 * lock that the replicas share: a second one waits for the first, and then finds nothing to do.
 *
 * @returns the names of the migrations that ran
 */
export async function migrate(options: MigrationOptions): Promise<string[]> {
  const { direction = 'up', onMessage } = options;
  const done = await runner({
    databaseUrl: connectionConfig(options.postgres),
    dir: options.dir,
    direction,
    ...(options.count === undefined ? {} : { count: options.count }),
    migrationsTable: 'migrations',
    migrationsSchema: 'orchestrator',
    createMigrationsSchema: true,
    singleTransaction: true,
    checkOrder: true,
    advisoryLockMode: 'wait',
    log: (message: string) => onMessage?.(message),
  });
  return done.map((migration) => migration.name);
}
