import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { difference, ReferenceEncoder } from './support/reference.ts';
import { startServer, temporaryFolder } from './support/server.ts';
import { tinyClassifier, tinyWeights, writeTinyModel } from './support/tiny-model.ts';

const DOCUMENTS = ['hello world', 'How do I roll back to a specific backup?', 'a', 'family score '.repeat(60)];
const QUERY = 'roll back a backup';

describe('reranking and similarity', () => {
  const weights = tinyWeights();
  const judge = tinyClassifier(1);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: Awaited<ReturnType<typeof startServer>>;
  const pair = (text: string) => {
    const model = server.context.registry.resolve('judge');
    if (model.task !== 'classifier') throw new Error('no classifier');
    const { ids, types } = model.tokenizer.encodePair(QUERY, text, 64);
    return { ids: [...ids], types: [...types] };
  };
  const vector = (text: string): number[] => {
    const model = server.context.registry.resolve('tiny');
    if (model.task !== 'encoder') throw new Error('no encoder');
    return new ReferenceEncoder(weights).sentence([...model.tokenizer.encode(text, 64)]);
  };
  const dot = (a: number[], b: number[]): number => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeTinyModel(folder.path, { weights });
    await writeTinyModel(folder.path, { name: 'judge', weights: judge });
    await writeTinyModel(folder.path, { name: 'three', weights: tinyClassifier(3) });
    server = await startServer({ models: folder.path });
  });
  afterAll(async () => {
    await server.close();
    await folder.remove();
  });

  it('scores query and document together with a cross-encoder, as its formulas say', async () => {
    const { status, body } = await server.post('/v1/rerank', { model: 'judge', query: QUERY, documents: DOCUMENTS });
    expect(status).toBe(200);
    const reference = new ReferenceEncoder(judge);
    const expected = DOCUMENTS.map((text) => {
      const { ids, types } = pair(text);
      const [logit = 0] = reference.logits(ids, types);
      return 1 / (1 + Math.exp(-logit));
    });
    const scores: number[] = [];
    for (const { index, relevance_score } of body.results) scores[index] = relevance_score;
    expect(difference(scores, expected)).toBeLessThan(1e-6);
    const sorted = body.results.map(({ relevance_score }: { relevance_score: number }) => relevance_score);
    expect(sorted).toEqual(sorted.toSorted((a: number, b: number) => b - a));
    const tokens = DOCUMENTS.reduce((sum, text) => sum + pair(text).ids.length, 0);
    expect(body.usage).toEqual({ prompt_tokens: tokens, total_tokens: tokens });
  });

  it('gives the scores as they are computed, the best alone, and the documents, on request', async () => {
    const { body } = await server.post('/v1/rerank', {
      model: 'judge',
      query: QUERY,
      documents: [{ text: 'a' }, 'hello world'],
      raw_scores: true,
      top_n: 1,
      return_documents: true,
    });
    expect(body.results).toHaveLength(1);
    const [{ index, relevance_score: score, document }] = body.results;
    expect(document).toEqual({ text: ['a', 'hello world'][index] });
    const { ids, types } = pair(document.text);
    expect(difference([score], new ReferenceEncoder(judge).logits(ids, types))).toBeLessThan(1e-5);
  });

  it('compares vectors where the model is an encoder', async () => {
    const { body } = await server.post('/v1/rerank', { model: 'tiny', query: QUERY, documents: DOCUMENTS });
    for (const { index, relevance_score: score } of body.results) {
      expect(Math.abs(score - dot(vector(QUERY), vector(DOCUMENTS[index] ?? '')))).toBeLessThan(1e-6);
    }
  });

  it('says how similar texts are to one', async () => {
    const request = { model: 'tiny', source_sentence: QUERY, sentences: [QUERY, ...DOCUMENTS] };
    const { body, headers } = await server.post('/v1/similarity', request);
    expect(headers['x-model-version']).toBe('1');
    expect(body).toMatchObject({ object: 'list', model: 'tiny' });
    const expected = [QUERY, ...DOCUMENTS].map((text) => dot(vector(QUERY), vector(text)));
    const actual = body.data.map(({ similarity }: { similarity: number }) => similarity);
    expect(difference(actual, expected)).toBeLessThan(1e-6);
    expect(body.data.map(({ index }: { index: number }) => index)).toEqual([0, 1, 2, 3, 4]);
  });

  it('gives a classifier’s scores in the Open Inference Protocol', async () => {
    const tensor = (name: string, data: string[]) => ({ name, datatype: 'BYTES', shape: [data.length], data });
    const { body } = await server.post('/v2/models/three/infer', {
      inputs: [tensor('text', [QUERY, QUERY]), tensor('text_pair', ['a', 'hello world'])],
    });
    expect(body.outputs).toMatchObject([{ name: 'logits', datatype: 'FP32', shape: [2, 3] }]);
    const reference = new ReferenceEncoder(tinyClassifier(3));
    const expected = ['a', 'hello world'].flatMap((text) => {
      const { ids, types } = pair(text);
      return reference.logits(ids, types);
    });
    expect(difference(body.outputs[0].data, expected)).toBeLessThan(1e-5);
  });

  it.each([
    ['/v1/rerank', { model: 'judge', query: QUERY, documents: [] }, 'documents', 'is a list of 0'],
    ['/v1/rerank', { model: 'judge', query: QUERY, documents: [5] }, 'documents[0]', 'none of the forms'],
    ['/v1/rerank', { model: 'judge', query: QUERY, documents: Array(2049).fill('a') }, 'documents', '2049 rows'],
    ['/v1/rerank', { model: 'three', query: QUERY, documents: ['a'] }, 'model', 'has 3 labels, where relevance is one'],
    ['/v1/rerank', { model: 'none', query: QUERY, documents: ['a'] }, 'model', 'is not served here'],
    ['/v1/similarity', { model: 'judge', source_sentence: 'a', sentences: ['a'] }, 'model', 'gives no vectors'],
    ['/v1/similarity', { model: 'tiny', source_sentence: 'a' }, 'body', 'lacks the field "sentences"'],
    ['/v1/embeddings', { model: 'judge', input: 'a' }, 'model', 'gives no vectors of texts'],
  ])('refuses %s %#', async (url, payload, param, message) => {
    const { status, body } = await server.post(url, payload);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.error.param).toBe(param);
    expect(body.error.message).toContain(message);
  });
});
