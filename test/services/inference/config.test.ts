import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '../../../services/inference/src/config.ts';

describe('readConfig', () => {
  it('has a default for everything', () => {
    expect(readConfig({ THREADS: '3' })).toEqual({
      port: 8080,
      host: '0.0.0.0',
      modelDir: '/models',
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
});
