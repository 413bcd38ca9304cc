import { describe, expect, it } from '@jest/globals';
import { llama32With3B } from '../../../constructs/index.ts';
import { cures, plan, token } from './support.ts';

describe('jan', () => {
  it('serves a file on the port of the guide, to other pods as well', () => {
    const { command, args, env, ports } = plan({ kind: 'jan', file: 'model-q4.gguf' }, [llama32With3B], { token });
    expect(ports.http).toEqual({ number: 1337, metrics: '/metrics' });
    expect(command).toEqual(['jan', 'serve', 'llama-3.2-3b-instruct']);
    expect(args).toEqual(
      expect.arrayContaining([
        '--model-path=/models/llama-3.2-3b-instruct/model-q4.gguf',
        '--port=1337',
        '--n-gpu-layers=0',
      ]),
    );
    expect(env).toMatchObject({ LLAMA_ARG_HOST: '0.0.0.0', LLAMA_API_KEY: token });
  });

  it('puts all layers on the GPU where there is one', () => {
    expect(plan({ kind: 'jan', file: 'm.gguf' }, [llama32With3B], { devices: 1 }).args).toContain('--n-gpu-layers=-1');
  });

  it('reads GGUF only', () => {
    expect(cures(plan({ kind: 'jan', file: 'model.safetensors' }, [llama32With3B]))).toMatch(/ends in \.gguf/);
  });
});
