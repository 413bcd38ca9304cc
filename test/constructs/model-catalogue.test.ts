import { describe, expect, it } from '@jest/globals';
import * as catalogue from '../../constructs/model-catalogue.ts';
import { modelMemory } from '../../constructs/model-memory.ts';

describe.each(Object.values(catalogue))('$name', (model) => {
  it('has a name for a folder, and weights to count', () => {
    expect(model.name).toMatch(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/);
    const load = { model, precision: 'bf16', context: model.maxTokens, sequences: 1 } as const;
    expect(modelMemory(load)?.weights).toBeGreaterThan(0);
  });
});
