import { describe, expect, it } from '@jest/globals';
import { Size } from 'cdk8s';
import fc from 'fast-check';
import { postgresSettings, sharedMemoryMiB } from '../../constructs/postgres-settings.ts';

const mb = (text: string | undefined) => Number(/^(\d+)MB$/.exec(text ?? '')?.[1]);

describe('postgresSettings', () => {
  it('shares out what a server of 4 GiB has', () => {
    expect(
      postgresSettings({
        memory: Size.gibibytes(4),
        storage: Size.gibibytes(50),
        maxConnections: 100,
        timescale: false,
      }),
    ).toMatchObject({
      shared_buffers: '1024MB',
      effective_cache_size: '2457MB',
      work_mem: '10MB',
      maintenance_work_mem: '256MB',
      max_wal_size: '2048MB',
    });
  });

  it('stays within the memory limit and the volume, whatever they are', () => {
    const sizing = fc.record({
      memory: fc.integer({ min: 128, max: 262_144 }),
      storage: fc.integer({ min: 1024, max: 1_048_576 }),
      maxConnections: fc.integer({ min: 5, max: 30 }),
    });
    fc.assert(
      fc.property(sizing, ({ memory, storage, maxConnections }) => {
        const settings = postgresSettings({
          memory: Size.mebibytes(memory),
          storage: Size.mebibytes(storage),
          maxConnections,
          timescale: false,
        });
        const working = mb(settings.work_mem) * maxConnections;
        const taken =
          mb(settings.shared_buffers) +
          working +
          mb(settings.maintenance_work_mem) +
          sharedMemoryMiB(Size.mebibytes(memory));
        expect(taken).toBeLessThanOrEqual(memory);
        expect(mb(settings.max_wal_size)).toBeLessThanOrEqual(storage / 8);
        expect(mb(settings.min_wal_size)).toBeLessThanOrEqual(mb(settings.max_wal_size));
      }),
    );
  });
});
