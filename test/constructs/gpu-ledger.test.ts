import { describe, expect, it } from '@jest/globals';
import { GpuLedger } from '../../constructs/gpu-ledger.ts';
import type { GpuPool } from '../../constructs/index.ts';
import { bench, synthError } from '../support/manifests.ts';

const pool: GpuPool = { name: 'l4', gpu: 'l4', gpusPerNode: 4, maxNodes: 2 };

describe('GpuLedger', () => {
  it('is one for each app, and places big pods before small ones', () => {
    const on = bench();
    const ledger = GpuLedger.of(on.namespace);
    expect(GpuLedger.of(on.chart)).toBe(ledger);
    ledger.add(on.namespace, pool, 1, () => 2);
    ledger.add(on.namespace, pool, 3, () => 2);
    expect(() => on.synth()).not.toThrow();
  });

  it('tells for whom there is no room, though the sum would fit', () => {
    const on = bench();
    GpuLedger.of(on.namespace).add(on.namespace, pool, 3, () => 3);
    GpuLedger.of(on.namespace).add(on.namespace, { ...pool, name: 'other' }, 1, () => 8);
    const message = synthError(on.synth);
    expect(message).toMatch(
      /pools\.l4 is "2 nodes of 4": .* finds room for 2 of 3 pods with 3 each, and all together ask for 9/,
    );
    expect(message).not.toContain('pools.other');
  });
});
