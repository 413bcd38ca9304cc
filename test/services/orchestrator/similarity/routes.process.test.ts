import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FeatureApp, featureApp, refusal } from '../support/feature-app.ts';

let made: FeatureApp;
beforeAll(async () => {
  made = await featureApp({ features: ['similarity'] });
}, 30_000);
afterAll(() => made.stop());

describe('POST /v1/similarity', () => {
  it('tells how similar two texts are, by either method', async () => {
    const texts = { text1: 'the red lamp turns', text2: 'the red horn sounds' };
    const cosine = (await made.post('/v1/similarity', texts)).json();
    expect(cosine).toEqual({
      similarity: expect.any(Number),
      method: 'cosine',
      model: 'words',
      duration_ms: expect.any(Number),
    });
    const fidelity = (await made.post('/v1/similarity', { ...texts, method: 'fidelity' })).json();
    expect(fidelity).toMatchObject({ method: 'fidelity', qubits: 8 });
    expect(fidelity.similarity).toBeCloseTo(cosine.similarity ** 2, 5);
    expect((await made.post('/v1/similarity', { text1: 'lamp', text2: 'lamp' })).json().similarity).toBe(1);
  });
});

describe('POST /v1/batch-similarity', () => {
  it('compares each candidate with the query, in their order', async () => {
    const candidates = ['horn', 'red lamp', 'lamp'];
    const { similarities } = (await made.post('/v1/batch-similarity', { query: 'lamp', candidates })).json();
    expect(similarities.map(({ index }: { index: number }) => index)).toEqual([0, 1, 2]);
    expect(similarities[2].similarity).toBe(1);
    const near = (await made.post('/v1/batch-similarity', { query: 'lamp', candidates, threshold: 0.9 })).json();
    expect(near.similarities).toEqual([{ index: 2, similarity: 1 }]);
  });
});

describe('POST /v1/rerank', () => {
  it('puts the nearest first, and gives the texts on request', async () => {
    const documents = ['a horn', 'the red lamp', 'lamp'];
    const answer = await made.post('/v1/rerank', {
      query: 'lamp',
      documents,
      top_n: 2,
      method: 'fidelity',
      return_documents: true,
    });
    expect(answer.json().results).toEqual([
      { index: 2, relevance_score: 1, document: { text: 'lamp' } },
      { index: 1, relevance_score: expect.any(Number), document: { text: 'the red lamp' } },
    ]);
  });

  it('keeps the order of equals', async () => {
    const answer = await made.post('/v1/rerank', { query: 'lamp', documents: ['horn', 'lamp', 'horn', 'lamp'] });
    expect(answer.json().results.map(({ index }: { index: number }) => index)).toEqual([1, 3, 0, 2]);
  });
});

describe('limits', () => {
  it('are those of the tier, and are told', async () => {
    const many = await made.post('/v1/rerank', { query: 'x', documents: Array.from({ length: 51 }, String) });
    expect(refusal(many)).toEqual({
      status: 400,
      param: 'body.documents',
      cure: 'Send less at once, or use a token of the tier premium.',
    });
    expect(many.json().error.message).toContain('holds 51 texts, and the tier standard allows 50');
    const long = await made.post('/v1/similarity', { text1: 'a', text2: 'x'.repeat(4_097) });
    expect(refusal(long)).toMatchObject({ status: 400, param: 'body.text2' });
    const inside = await made.post('/v1/batch-similarity', { query: 'a', candidates: ['b', 'x'.repeat(4_097)] });
    expect(refusal(inside)).toMatchObject({ status: 400, param: 'body.candidates[1]' });
  });

  it.each([
    ['/v1/similarity', {}, 'body.text1'],
    ['/v1/similarity', { text1: 'a', text2: 5 }, 'body.text2'],
    ['/v1/similarity', { text1: 'a', text2: '' }, 'body.text2'],
    ['/v1/similarity', { text1: 'a', text2: 'b', method: 'hybrid' }, 'body.method'],
    ['/v1/batch-similarity', { query: 'a', candidates: [] }, 'body.candidates'],
    ['/v1/batch-similarity', { query: 'a', candidates: ['b'], threshold: 2 }, 'body.threshold'],
    ['/v1/rerank', { query: 'a', documents: ['b'], top_n: 0 }, 'body.top_n'],
    ['/v1/rerank', { query: 'a', documents: ['b'], topn: 1 }, 'body.topn'],
  ])('%s refuses %j', async (url, body, param) => {
    expect(refusal(await made.post(url, body))).toMatchObject({ status: 400, param });
  });
});

describe('metrics', () => {
  it('measure each method', async () => {
    await made.post('/v1/similarity', { text1: 'a', text2: 'b', method: 'fidelity' });
    const metrics = (await made.get('/metrics')).body;
    expect(metrics).toMatch(/similarity_duration_seconds_count\{method="fidelity"\} [1-9]/);
    expect(metrics).toMatch(/similarity_embeddings_total\{result="hit"\} [1-9]/);
  });
});
