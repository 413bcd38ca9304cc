import { describe, expect, it } from '@jest/globals';
import { bgeM3, bgeRerankerV2M3, llama32With3B } from '../../../constructs/index.ts';
import { cures, plan, token } from './support.ts';

describe('tei', () => {
  it('serves an embedding model or a reranker', () => {
    const { args, env } = plan({ kind: 'tei', maxTexts: 64, pooling: 'cls', truncate: true }, [bgeM3], { token });
    expect(args).toEqual(
      expect.arrayContaining([
        '--model-id=/models/bge-m3',
        '--dtype=float32',
        '--max-client-batch-size=64',
        '--pooling=cls',
        '--auto-truncate',
      ]),
    );
    expect(env).toMatchObject({ API_KEY: token });
    expect(cures(plan({ kind: 'tei' }, [bgeRerankerV2M3]))).toBe('');
  });

  it('has an image for each kind of machine', () => {
    expect(plan({ kind: 'tei' }, [bgeM3]).image).toContain(':cpu-');
    expect(plan({ kind: 'tei' }, [bgeM3], { devices: 1 })).toMatchObject({
      image: expect.stringContaining(':cuda-'),
      precision: 'fp16',
    });
  });

  it('refuses models that write, and batches that hold no whole text', () => {
    expect(cures(plan({ kind: 'tei' }, [llama32With3B]))).toMatch(
      /models\[0\]: tei serves embedding models and rerankers/,
    );
    expect(cures(plan({ kind: 'tei', maxBatchTokens: 4096 }, [bgeM3]))).toMatch(
      /maxBatchTokens: "bge-m3" reads texts of 8192/,
    );
  });
});
