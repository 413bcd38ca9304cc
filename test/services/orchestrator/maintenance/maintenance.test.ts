import { describe, expect, it } from '@jest/globals';
import { Maintenance } from '../../../../services/orchestrator/src/maintenance/maintenance.ts';

const on = { enabled: true, message: 'moving', retryAfterSeconds: 120, by: 'cli', since: '2026-11-21T00:00:00.000Z' };

describe('Maintenance', () => {
  it('passes on the newest state, and lets nothing older replace it', () => {
    const [here, there] = [new Maintenance(), new Maintenance()];
    here.set(on, 1_000);
    const first = here.maintenance();
    there.heard(first.version, first.state);
    expect(there.current).toEqual(on);
    there.set({ ...on, enabled: false }, 500);
    const second = there.maintenance();
    expect(second.version).toBeGreaterThan(first.version);
    here.heard(second.version, second.state);
    expect(here.current.enabled).toBe(false);
    here.heard(first.version, first.state);
    expect(here.current.enabled).toBe(false);
  });

  it('says nothing before anybody switched it, and ignores what it cannot read', () => {
    const maintenance = new Maintenance();
    expect(maintenance.maintenance()).toEqual({ version: 0, state: '' });
    maintenance.heard(5, 'not JSON');
    maintenance.heard(Number.NaN, '{"enabled":true}');
    expect(maintenance.current.enabled).toBe(false);
  });
});
