import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, readConfig } from './config.ts';
import { describeError } from './errors/describe.ts';
import { migrate } from './stores/postgres/migrations.ts';

// The service migrates forward by itself when it starts. This command is for operators: to go back, and to see it done.
const [direction = 'up', count] = process.argv.slice(2);
if ((direction !== 'up' && direction !== 'down') || (count !== undefined && !/^\d{1,4}$/.test(count))) {
  console.error(`"${process.argv.slice(2).join(' ')}" is not understood. Use: migrate [up|down] [how many]`);
  process.exit(64);
}
try {
  const { postgres } = readConfig(process.env);
  if (!postgres)
    throw new ConfigError([
      { path: 'POSTGRES_URL', problem: 'is not set', cure: 'Set it to postgresql://host:port/database.' },
    ]);
  const here = dirname(fileURLToPath(import.meta.url));
  const beside = join(here, 'migrations');
  const dir = existsSync(beside) ? beside : join(here, '../migrations');
  const done = await migrate({ postgres, dir, direction, ...(count === undefined ? {} : { count: Number(count) }) });
  console.log(done.length === 0 ? 'Nothing to do.' : `${direction}: ${done.join(', ')}`);
} catch (error) {
  if (error instanceof ConfigError) {
    console.error(error.message);
    process.exit(78);
  }
  console.error(
    `The migration failed (${describeError(error)}); nothing was changed. Check that the database can be reached.`,
  );
  process.exit(1);
}
