import { describe, expect, it } from '@jest/globals';
import { allMiniLmL6V2, Duration, Size } from '../../../constructs/index.ts';
import { readConfig } from '../../../services/inference/src/config.ts';
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

  it('is understood by the server, whatever it is told', () => {
    const { env } = plan(
      {
        kind: 'inference',
        maxQueue: 7,
        maxBatchTokens: 2048,
        quantization: 'int8',
        grpcPort: 9001,
        resultCache: Size.mebibytes(1),
        requireChecksums: true,
        threads: 3,
        loadModels: ['a', 'b:2'],
        repositoryApi: false,
        requestTimeout: Duration.seconds(5),
        maxBody: Size.mebibytes(1),
        weights: { a: { '1': 1 } },
      },
      [allMiniLmL6V2],
    );
    // No value is a reference: there is no token.
    const texts = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));
    expect(readConfig(texts)).toMatchObject({
      port: 8080,
      grpcPort: 9001,
      maxQueue: 7,
      maxBatchTokens: 2048,
      quantization: 'int8',
      resultCacheBytes: 1024 ** 2,
      requireChecksums: true,
      threads: 3,
      repositoryApi: false,
      requestTimeoutSeconds: 5,
      maxBodyBytes: 1024 ** 2,
    });
    expect(env.LOAD_MODELS).toBe('a,b:2');
    expect(plan({ kind: 'inference', loadModels: [] }, [allMiniLmL6V2]).env.LOAD_MODELS).toBe('none');
  });

  it('has whole numbers for limits', () => {
    expect(cures(plan({ kind: 'inference', threads: 0 }, [allMiniLmL6V2]))).toMatch(/runtime\.threads: .*whole number/);
    expect(cures(plan({ kind: 'inference', maxQueue: 1.5 }, [allMiniLmL6V2]))).toMatch(/runtime\.maxQueue/);
  });

  it('computes on the CPU only', () => {
    expect(cures(plan({ kind: 'inference' }, [allMiniLmL6V2]))).toBe('');
    expect(cures(plan({ kind: 'inference' }, [allMiniLmL6V2], { devices: 1 }))).toMatch(
      /variant: .*use tei, vllm or triton/,
    );
  });
});
