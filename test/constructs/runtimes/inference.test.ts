import { describe, expect, it } from '@jest/globals';
import { allMiniLmL6V2, Size } from '../../../constructs/index.ts';
import { cures, plan, token } from './support.ts';

describe('inference', () => {
  it('is told of its models, its port and its limits', () => {
    const { env, ports } = plan({ kind: 'inference', maxBatchTokens: 2048 }, [allMiniLmL6V2], { port: 9000, token });
    expect(env).toMatchObject({ PORT: '9000', MODEL_DIR: '/models', MAX_BATCH_TOKENS: '2048', AUTH_TOKEN: token });
    expect(ports.http).toEqual({ number: 9000, metrics: '/metrics' });
  });

  it('speaks gRPC beside HTTP, keeps results and shares out requests as it is told', () => {
    const { env, ports, overhead } = plan(
      {
        kind: 'inference',
        resultCache: Size.mebibytes(64),
        requireChecksums: true,
        weights: { [allMiniLmL6V2.name]: { '1': 90, '2': 10 } },
      },
      [allMiniLmL6V2],
    );
    expect(ports.grpc).toEqual({ number: 8081, scheme: 'grpc' });
    expect(env).toMatchObject({
      GRPC_PORT: '8081',
      RESULT_CACHE_BYTES: String(64 * 1024 * 1024),
      REQUIRE_CHECKSUMS: 'true',
      MODEL_WEIGHTS: '{"all-minilm-l6-v2":{"1":90,"2":10}}',
    });
    expect(overhead).toBe(576);
    const other = plan({ kind: 'inference', grpcPort: 9001 }, [allMiniLmL6V2]);
    expect([other.env.GRPC_PORT, other.ports.grpc?.number]).toEqual(['9001', 9001]);
  });

  it('computes on the CPU only', () => {
    expect(cures(plan({ kind: 'inference' }, [allMiniLmL6V2]))).toBe('');
    expect(cures(plan({ kind: 'inference' }, [allMiniLmL6V2], { devices: 1 }))).toMatch(
      /variant: .*use tei, vllm or triton/,
    );
  });
});
