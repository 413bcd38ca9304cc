import type pg from 'pg';
import { guarded } from './pool.ts';

/** Runs `work` under an advisory lock of its own session: when this process dies, so does the lock. */
export function exclusively(pool: pg.Pool, name: string, work: () => Promise<void>): Promise<boolean> {
  return guarded(async () => {
    const client = await pool.connect();
    let broken = false;
    // While `work` runs, nothing reads from this connection: without a listener its loss would end the process.
    const onError = () => {
      broken = true;
    };
    client.on('error', onError);
    try {
      const got = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 2)) AS got', [
        name,
      ]);
      if (got.rows[0]?.got !== true) return false;
      try {
        await work();
      } finally {
        await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 2))', [name]).catch(onError);
      }
      return true;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  });
}
