import { describe, expect, it } from '@jest/globals';
import { llama31With8B, qwen25With7B } from '../../../constructs/index.ts';
import { cures, plan, token } from './support.ts';

describe('vllm', () => {
  it('serves one model under its name, with what was asked for', () => {
    const { command, args, env, image } = plan(
      { kind: 'vllm', contextLength: 8192, maxSequences: 32, maxBatchTokens: 4096, quantization: 'awq', cache: 'fp8' },
      [llama31With8B],
      { devices: 2, token },
    );
    expect(image).toContain('vllm/vllm-openai:v');
    expect(command).toEqual(['vllm', 'serve', '/models/llama-3.1-8b-instruct']);
    expect(args).toEqual(
      expect.arrayContaining([
        '--served-model-name=llama-3.1-8b-instruct',
        '--max-model-len=8192',
        '--max-num-seqs=32',
        '--max-num-batched-tokens=4096',
        '--quantization=awq',
        '--kv-cache-dtype=fp8',
        '--tensor-parallel-size=2',
        '--gpu-memory-utilization=0.9',
      ]),
    );
    expect(env).toMatchObject({ VLLM_API_KEY: token, HF_HUB_OFFLINE: '1', VLLM_NO_USAGE_STATS: '1' });
  });

  it('has an image of its own for the CPU', () => {
    const onCpu = plan({ kind: 'vllm', contextLength: 2048 }, [llama31With8B]);
    expect(onCpu.image).toContain('vllm-openai-cpu');
    expect(onCpu.args?.join(' ')).not.toContain('gpu-memory-utilization');
  });

  it('finds the other nodes of its group by the variables of the operator', () => {
    const { args } = plan({ kind: 'vllm' }, [llama31With8B], { devices: 8, nodes: 2 });
    expect(args).toEqual(
      expect.arrayContaining([
        '--pipeline-parallel-size=2',
        '--nnodes=$(LWS_GROUP_SIZE)',
        '--master-addr=$(LWS_LEADER_ADDRESS)',
      ]),
    );
  });

  it('knows the form of the weights, for the check of memory', () => {
    const precision = (quantization?: 'awq' | 'fp8') =>
      plan({ kind: 'vllm', ...(quantization && { quantization }) }, [qwen25With7B], { devices: 1 }).precision;
    expect([precision(), precision('fp8'), precision('awq')]).toEqual(['bf16', 'fp8', 'int4']);
  });

  it('serves no second model', () => {
    expect(cures(plan({ kind: 'vllm', contextLength: 4096 }, [llama31With8B, qwen25With7B]))).toMatch(
      /vllm serves one model/,
    );
  });
});
