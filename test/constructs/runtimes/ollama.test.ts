import { describe, expect, it } from '@jest/globals';
import { Duration, llama32With3B } from '../../../constructs/index.ts';
import { cures, plan, token } from './support.ts';

describe('ollama', () => {
  it('listens where its clients look for it, and keeps its model in memory', () => {
    const { ports, env } = plan({ kind: 'ollama', contextLength: 8192, parallel: 2, cache: 'fp8' }, [llama32With3B]);
    expect(ports.http.number).toBe(11434);
    expect(env).toMatchObject({
      OLLAMA_HOST: '0.0.0.0:11434',
      OLLAMA_MODELS: '/models',
      OLLAMA_CONTEXT_LENGTH: '8192',
      OLLAMA_NUM_PARALLEL: '2',
      OLLAMA_KV_CACHE_TYPE: 'q8_0',
      OLLAMA_KEEP_ALIVE: '-1',
    });
    expect(plan({ kind: 'ollama', keepAlive: Duration.minutes(5) }, [llama32With3B]).env.OLLAMA_KEEP_ALIVE).toBe(
      '300s',
    );
  });

  it('counts a context for each conversation', () => {
    expect(plan({ kind: 'ollama', parallel: 4 }, [llama32With3B])).toMatchObject({ sequences: 4, precision: 'int4' });
  });

  it('cannot ask for a token, nor tell how many wait', () => {
    const made = plan({ kind: 'ollama' }, [llama32With3B], { token });
    expect(cures(made)).toMatch(/auth: Ollama asks for none/);
    expect(made.waiting).toBeUndefined();
  });
});
