import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '../../../services/orchestrator/src/config.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const GOOD = {
  POSTGRES_URL: 'postgresql://postgres:5432/keelson',
  POSTGRES_USER: 'keelson',
  POSTGRES_PASSWORD: 'secret',
  MILVUS_URL: 'http://milvus:19530',
  INFERENCE_URL: 'http://inference:8080',
  MCP_GIT_URL: 'http://mcp-git:3002/mcp',
};

const problems = (env: Record<string, string | undefined>, file?: string): readonly string[] => {
  try {
    readConfig({ ...GOOD, ...env }, () => file);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { cure } of error.problems) expect(cure).toMatch(/\w/);
    return error.problems.map(({ path }) => path);
  }
};

describe('readConfig', () => {
  it('has a default for all that is no address or secret', () => {
    const config = readConfig(GOOD, () => undefined);
    expect(config).toMatchObject({
      port: 8000,
      features: { gateway: true, rag: true },
      providers: [],
      redis: undefined,
    });
    expect([...config.mcp]).toEqual([['git', 'http://mcp-git:3002/mcp']]);
  });

  it('serves with as many processes as it is told to, which share limits through Redis', () => {
    expect(readConfig(GOOD, () => undefined).workers).toBe(1);
    const env = { ...GOOD, WORKERS: '4', REDIS_URL: 'redis://redis:6379' };
    expect(readConfig(env, () => undefined).workers).toBe(4);
    expect(problems({ WORKERS: '2' })).toEqual(['WORKERS']);
    for (const workers of ['0', '65', 'all', '1.5'])
      expect(problems({ WORKERS: workers, REDIS_URL: 'redis://redis:6379' })).toEqual(['WORKERS']);
    expect(problems({ WORKERS: '2', REDIS_URL: 'redis://redis:6379', PORT: '0' })).toEqual(['PORT']);
  });

  it('answers probes on a port of their own where it is told to, which is not that of the service', () => {
    expect(readConfig(GOOD, () => undefined)).toMatchObject({ healthPort: undefined, healthStallSeconds: 10 });
    expect(readConfig({ ...GOOD, HEALTH_PORT: '8081' }, () => undefined).healthPort).toBe(8081);
    for (const port of ['8000', '0', '65536', '80x']) expect(problems({ HEALTH_PORT: port })).toEqual(['HEALTH_PORT']);
    expect(problems({ HEALTH_PORT: '8081', PORT: '8081', HEALTH_STALL_SECONDS: '0' })).toEqual([
      'HEALTH_PORT',
      'HEALTH_STALL_SECONDS',
    ]);
  });

  it('makes the folder for calls of the last moment, and refuses one that it cannot write to', () => {
    const folder = join(temporaryFolder('config'), 'a', 'b');
    expect(readConfig({ ...GOOD, WRITE_AHEAD_DIR: folder }, () => undefined).writeAheadDir).toBe(folder);
    expect(existsSync(folder)).toBe(true);
    for (const path of [join(import.meta.filename, 'in-a-file'), '/proc/not/there'])
      expect(problems({ WRITE_AHEAD_DIR: path })).toEqual(['WRITE_AHEAD_DIR']);
  });

  it('needs no database for the gateway alone', () => {
    expect(readConfig({ FEATURES: 'gateway' }, () => undefined).postgres).toBeUndefined();
  });

  it('reports everything at once', () => {
    expect(
      problems({ PORT: '80x', LOG_LEVEL: 'loud', FEATURES: 'rag,chess', MILVUS_URL: undefined, POSTGRES_USER: ' ' }),
    ).toEqual(['FEATURES', 'PORT', 'LOG_LEVEL', 'POSTGRES_USER', 'MILVUS_URL']);
  });

  it('keeps vectors where an address or VECTOR_STORE says', () => {
    const { MILVUS_URL: _, ...rest } = GOOD;
    expect(readConfig(GOOD, () => undefined).vectors).toEqual({ kind: 'milvus', url: GOOD.MILVUS_URL });
    expect(readConfig({ ...rest, QDRANT_URL: 'http://qdrant:6333' }, () => undefined).vectors).toEqual({
      kind: 'qdrant',
      url: 'http://qdrant:6333',
      apiKeyFile: undefined,
    });
    expect(readConfig({ ...rest, VECTOR_STORE: 'postgres' }, () => undefined).vectors).toEqual({ kind: 'postgres' });
    expect(problems({ VECTOR_STORE: 'faiss' })).toEqual(['VECTOR_STORE']);
    expect(problems({ VECTOR_STORE: 'qdrant' })).toEqual(['QDRANT_URL']);
  });

  it('takes the role to work as, and nothing that is no role', () => {
    expect(readConfig({ ...GOOD, POSTGRES_ROLE: 'platform_v1' }, () => undefined).postgres?.role).toBe('platform_v1');
    expect(problems({ POSTGRES_ROLE: 'x -c y=z' })).toEqual(['POSTGRES_ROLE']);
  });

  it('refuses credentials in an address without repeating them', () => {
    const read = () => readConfig({ ...GOOD, MILVUS_URL: 'http://me:hunter2@milvus:19530' }, () => undefined);
    expect(read).toThrow(/MILVUS_URL: holds credentials/);
    expect(read).not.toThrow(/hunter2/);
  });

  it('reads providers, and names each wrong field of them', () => {
    const provider = {
      name: 'ollama',
      kind: 'openai-compatible',
      baseUrl: 'http://ollama:11434/v1/',
      tier: 0,
      models: ['small'],
    };
    const config = readConfig({ ...GOOD, PROVIDERS_FILE: '/p' }, () => JSON.stringify([provider]));
    expect(config.providers[0]).toMatchObject({ baseUrl: 'http://ollama:11434/v1', timeouts: { connect: 2_000 } });
    const wrong = [provider, { ...provider, tier: -1, answerModel: 'large', timeouts: { nap: 1 }, apiKey: 'x' }];
    expect(problems({ PROVIDERS_FILE: '/p' }, JSON.stringify(wrong))).toEqual([
      'PROVIDERS_FILE[1].apiKey',
      'PROVIDERS_FILE[1].tier',
      'PROVIDERS_FILE[1].answerModel',
      'PROVIDERS_FILE[1].timeouts.nap',
      'PROVIDERS_FILE[1].name',
    ]);
    expect(problems({ PROVIDERS_FILE: '/p' }, '{}')).toEqual(['PROVIDERS_FILE']);
    expect(problems({ PROVIDERS_FILE: '/p' }, undefined)).toEqual([]);
  });
});
