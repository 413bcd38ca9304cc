import { describe, expect, it } from '@jest/globals';
import { allMiniLmL6V2, llama31With8B } from '../../constructs/index.ts';
import { modelMemory, weightMemory } from '../../constructs/model-memory.ts';

describe('model memory', () => {
  it('is the number of weights times their bytes', () => {
    // The bfloat16 files of Llama 3.1 8B have 16.06 GB (its repository on the hub).
    expect((weightMemory(llama31With8B, 'bf16') ?? 0) * 1024 * 1024).toBeCloseTo(16.06e9, -7);
    expect(weightMemory(llama31With8B, 'int4')).toBeLessThan((weightMemory(llama31With8B, 'fp8') ?? 0) * 0.6);
    expect(weightMemory({ kind: 'other', name: 'unknown' }, 'fp32')).toBeUndefined();
  });

  it('has a key and a value for each layer, head and token', () => {
    const load = { model: llama31With8B, precision: 'bf16', context: 8192, sequences: 1 } as const;
    // 128 KiB a token: 2 x 32 layers x 8 heads x 128 numbers x 2 bytes.
    expect(modelMemory(load)?.keyValueCache).toBe(1024);
    expect(modelMemory({ ...load, sequences: 4 })?.keyValueCache).toBe(4096);
    expect(modelMemory({ ...load, cache: 'fp8' })?.keyValueCache).toBe(512);
  });

  it('has no cache for a model that writes nothing', () => {
    const load = { model: allMiniLmL6V2, precision: 'fp32', context: 256, sequences: 8 } as const;
    expect(modelMemory(load)?.keyValueCache).toBe(0);
  });
});
