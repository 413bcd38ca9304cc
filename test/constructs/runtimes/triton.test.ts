import { describe, expect, it } from '@jest/globals';
import { allMiniLmL6V2 } from '../../../constructs/index.ts';
import { cures, plan, token } from './support.ts';

describe('triton', () => {
  const models = [allMiniLmL6V2, { kind: 'other', name: 'classifier' }] as const;

  it('loads what it is told to, on each of its protocols', () => {
    const { args, ports } = plan({ kind: 'triton' }, models, { devices: 2 });
    expect(args).toEqual(
      expect.arrayContaining([
        '--model-control-mode=explicit',
        '--load-model=all-minilm-l6-v2',
        '--load-model=classifier',
        '--cuda-memory-pool-byte-size=1:67108864',
      ]),
    );
    expect(Object.values(ports).map(({ number }) => number)).toEqual([8000, 8001, 8002]);
  });

  it('may look for new models by itself', () => {
    const { args } = plan({ kind: 'triton', control: 'poll' }, models);
    expect(args?.filter((arg) => /load-model|control/.test(arg))).toEqual(['--model-control-mode=poll']);
  });

  it('cannot ask for a token', () => {
    expect(cures(plan({ kind: 'triton' }, models, { token }))).toMatch(/auth: Triton asks for none/);
  });
});
