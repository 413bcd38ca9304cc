import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditLog } from '../../../../services/orchestrator/src/audit/audit-log.ts';
import type { LogFields } from '../../../../services/orchestrator/src/logging.ts';
import { Bench } from '../support/replicas.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
}, 30_000);
afterAll(() => bench.stop());

describe('AuditLog', () => {
  it('keeps who did what to what, and when; events that had to wait for PostgreSQL come later, in their order', async () => {
    const lines: LogFields[] = [];
    const note = (fields: LogFields) => void lines.push(fields);
    const log = new AuditLog(bench.pool, { info: note, warn: note, error: note });
    const event = { actor: 'cli', tenant: 'cli', subject: 'service', requestId: 'r1' };
    await log.record({ ...event, action: 'maintenance.enable', old: { enabled: false }, new: { enabled: true } });
    await bench.postgres.kill();
    const before = Date.now();
    await log.record({ ...event, action: 'maintenance.disable' });
    await log.record({ ...event, action: 'third' });
    await bench.postgres.restart();
    await log.drain();
    const { rows } = await bench.pool.query('SELECT * FROM audit.event_log ORDER BY id');
    expect(rows.map(({ action }) => action)).toEqual(['maintenance.enable', 'maintenance.disable', 'third']);
    expect(rows[0]).toMatchObject({
      actor: 'cli',
      old_value: { enabled: false },
      new_value: { enabled: true },
      request_id: 'r1',
    });
    // The time is that of the action.
    expect(Math.abs(rows[1].timestamp.getTime() - before)).toBeLessThan(5_000);
    expect(lines.filter((line) => line.event === 'audit')).toHaveLength(3);
  });

  it('is a line in the log where there is no database', async () => {
    const lines: LogFields[] = [];
    const note = (fields: LogFields) => void lines.push(fields);
    const log = new AuditLog(undefined, { info: note, warn: note, error: note });
    await log.record({ actor: 'cli', tenant: 'cli', action: 'a', subject: 's' });
    expect(lines).toMatchObject([{ event: 'audit', caller: 'cli', reason: 'a' }]);
  });
});
