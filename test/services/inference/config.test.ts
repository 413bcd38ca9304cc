import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '../../../services/inference/src/config.ts';

describe('readConfig', () => {
  it('has a default for everything', () => {
    expect(readConfig({ THREADS: '3' })).toEqual({
      port: 8080,
      grpcPort: 8081,
      host: '0.0.0.0',
      modelDir: '/models',
      s3: undefined,
      loadModels: 'all',
      weights: {},
      requireChecksums: false,
      authToken: undefined,
      repositoryApi: true,
      quantization: 'none',
      provider: 'cpu',
      providerFallback: true,
      resultCacheBytes: 0,
      maxQueue: 4096,
      maxBatchTokens: 1024,
      maxBodyBytes: 8_388_608,
      requestTimeoutSeconds: 30,
      shutdownGraceSeconds: 25,
      threads: 3,
      logLevel: 'info',
    });
    expect(readConfig({}).threads).toBeGreaterThanOrEqual(1);
  });

  it('reports every mistake at once, with variable, value and cure', () => {
    const read = () => readConfig({ PORT: '80a', MAX_QUEUE: '0', LOG_LEVEL: 'loud' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/PORT="80a" is not a whole number from 0 to 65535/);
    expect(read).toThrow(/MAX_QUEUE="0"/);
    expect(read).toThrow(/LOG_LEVEL="loud" is not one of fatal/);
  });

  it('takes an empty variable as one that is not there', () => {
    expect(readConfig({ PORT: '', MODEL_DIR: '' })).toMatchObject({ port: 8080, modelDir: '/models' });
  });

  it('reads a bucket, models with versions, and shares of requests', () => {
    const config = readConfig({
      MODEL_SOURCE: 's3://models/encoders/',
      S3_ENDPOINT: 'http://s3:7070',
      LOAD_MODELS: 'minilm:2, other',
      MODEL_WEIGHTS: '{"minilm": {"1": 90, "2": 10}}',
      GRPC_PORT: 'off',
      REQUIRE_CHECKSUMS: 'true',
    });
    expect(config).toMatchObject({
      s3: { bucket: 'models', prefix: 'encoders', endpoint: 'http://s3:7070', region: 'us-east-1' },
      loadModels: [{ name: 'minilm', version: '2' }, { name: 'other' }],
      weights: { minilm: { '1': 90, '2': 10 } },
      grpcPort: undefined,
      requireChecksums: true,
    });
    expect(readConfig({ MODEL_SOURCE: 's3://models', LOAD_MODELS: 'none' })).toMatchObject({
      s3: { bucket: 'models', prefix: '' },
      loadModels: [],
    });
  });

  it.each([
    ['MODEL_SOURCE', 'http://models', /MODEL_SOURCE="http:\/\/models" is not s3:\/\/<bucket>/],
    ['LOAD_MODELS', 'minilm:latest', /"minilm:latest", which is no <name> or <name>:<version>/],
    ['MODEL_WEIGHTS', '{"minilm": ', /MODEL_WEIGHTS is not JSON/],
    ['MODEL_WEIGHTS', '{"minilm": {"1": -1}}', /MODEL_WEIGHTS\.minilm\.1 is -1/],
    ['MODEL_WEIGHTS', '{"minilm": {"1": 0}}', /MODEL_WEIGHTS\.minilm has only zeros/],
    ['QUANTIZATION', 'int4', /QUANTIZATION="int4" is not one of none, int8/],
    ['EXECUTION_PROVIDER', 'tpu', /EXECUTION_PROVIDER="tpu" is not one of cpu, cuda/],
    ['REQUIRE_CHECKSUMS', 'yes', /REQUIRE_CHECKSUMS="yes" is not one of false, true/],
  ])('refuses %s=%s', (key, value, message) => {
    expect(() => readConfig({ [key]: value })).toThrow(message);
  });
});
