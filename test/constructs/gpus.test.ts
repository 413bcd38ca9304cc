import { describe, expect, it } from '@jest/globals';
import { gpuOf } from '../../constructs/gpus.ts';
import { type GpuName, gpus } from '../../constructs/index.ts';

describe('gpus', () => {
  it.each(Object.keys(gpus) as GpuName[])(
    '%s: partitions fit its memory, and the largest is nearly all of it',
    (name) => {
      const { memory, mig } = gpuOf(name);
      if (mig === undefined) return;
      for (const [profile, { memory: part, perGpu }] of Object.entries(mig)) {
        expect(`${profile}: ${part * perGpu <= memory}`).toBe(`${profile}: true`);
        // A name rounds up, so a partition never has more than its name says.
        expect(part).toBeLessThanOrEqual(Number(/\.(\d+)gb/.exec(profile)?.[1]) * 1024);
      }
      expect(Math.max(...Object.values(mig).map((profile) => profile.memory)) / memory).toBeGreaterThan(0.9);
    },
  );

  it('names profiles as the driver does', () => {
    expect(Object.keys(gpuOf('h200').mig ?? {})).toEqual([
      '1g.18gb',
      '1g.35gb',
      '2g.35gb',
      '3g.71gb',
      '4g.71gb',
      '7g.141gb',
    ]);
    expect(gpuOf('l4').mig).toBeUndefined();
  });
});
