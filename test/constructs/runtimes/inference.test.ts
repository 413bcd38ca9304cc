import { describe, expect, it } from '@jest/globals';
import { allMiniLmL6V2 } from '../../../constructs/index.ts';
import { cures, plan, token } from './support.ts';

describe('inference', () => {
  it('is told of its models, its port and its limits', () => {
    const { env, ports } = plan({ kind: 'inference', maxBatchTokens: 2048 }, [allMiniLmL6V2], { port: 9000, token });
    expect(env).toMatchObject({ PORT: '9000', MODEL_DIR: '/models', MAX_BATCH_TOKENS: '2048', AUTH_TOKEN: token });
    expect(ports.http).toEqual({ number: 9000, metrics: '/metrics' });
  });

  it('computes on the CPU only', () => {
    expect(cures(plan({ kind: 'inference' }, [allMiniLmL6V2]))).toBe('');
    expect(cures(plan({ kind: 'inference' }, [allMiniLmL6V2], { devices: 1 }))).toMatch(
      /variant: .*use tei, vllm or triton/,
    );
  });
});
