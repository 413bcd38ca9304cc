import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bob } from '../support/app.ts';
import { type FeatureApp, featureApp, refusal } from '../support/feature-app.ts';

let made: FeatureApp;
beforeAll(async () => {
  made = await featureApp({ features: ['counterfactuals'] });
}, 30_000);
afterAll(() => made.stop());
beforeEach(() => {
  made.model.asked.length = 0;
});

const TEXT = 'She is a young engineer, and her code is good.';

it('counts from the start, and claims no rating before there is one', async () => {
  const metrics = (await made.get('/metrics')).body;
  expect(metrics).toContain('bias_threshold_exceeded_total{attribute="gender"} 0\n');
  expect(metrics).not.toMatch(/^user_rating_score/m);
});

describe('POST /api/v1/counterfactuals', () => {
  it('gives variants with their scores, and keeps the scores but not the text', async () => {
    const answer = (await made.post('/api/v1/counterfactuals', { text: TEXT })).json();
    expect(answer).toMatchObject({ scored_by: 'embedding', model: 'words', bias_threshold: 0.1 });
    expect(
      answer.variants.map(({ attribute, text }: { attribute: string; text: string }) => [attribute, text]),
    ).toEqual([
      ['gender', 'He is a young engineer, and his code is good.'],
      ['age', 'She is an old engineer, and her code is good.'],
    ]);
    for (const variant of answer.variants) {
      expect(variant).toMatchObject({ fluency: null, bias: expect.any(Number), threshold_exceeded: false });
      expect(variant.quality).toBeGreaterThan(0.5);
    }
    const { rows } = await made.pool.query('SELECT * FROM counterfactuals.generations WHERE id = $1', [answer.id]);
    expect(rows[0]).toMatchObject({ quality: answer.quality, bias: answer.bias, exceeded: false });
    expect(JSON.stringify(rows)).not.toContain('engineer');
  });

  it('has a language model judge where one is named, each text for itself', async () => {
    made.model.reply = ({ messages }) =>
      JSON.stringify({ favour: messages[1]?.content?.includes('She') ? 50 : 90, fluency: 100 });
    const answer = (
      await made.post('/api/v1/counterfactuals', { text: TEXT, attributes: ['gender'], model: 'small' })
    ).json();
    expect(answer).toMatchObject({
      scored_by: 'llm',
      model: 'small',
      bias: 0.4,
      threshold_exceeded: true,
      variants: [{ fluency: 1, bias: 0.4, threshold_exceeded: true }],
    });
    expect(made.model.asked).toHaveLength(2);
    for (const { messages } of made.model.asked) expect(messages[1]?.content).not.toMatch(/She[\s\S]*He |He[\s\S]*She/);
    const metrics = (await made.get('/metrics')).body;
    expect(metrics).toMatch(/bias_threshold_exceeded_total\{attribute="gender"\} 1/);
    expect(metrics).toMatch(/counterfactual_quality_score\{attribute="gender"\} 0\.\d/);
  });

  it('falls back to the embedding model when the language model does not judge, and says so', async () => {
    for (const reply of ['I would rather not.', { status: 500 }]) {
      made.model.reply = () => reply;
      const answer = await made.post('/api/v1/counterfactuals', { text: TEXT, model: 'small' });
      expect([answer.statusCode, answer.json()]).toEqual([
        200,
        expect.objectContaining({ scored_by: 'embedding', note: expect.stringContaining('did not judge') }),
      ]);
    }
  });

  it('says that a text reveals nothing', async () => {
    const answer = (await made.post('/api/v1/counterfactuals', { text: 'The lamp turns.' })).json();
    expect(answer).toMatchObject({ variants: [], quality: null, bias: null, note: expect.stringContaining('none') });
  });

  it.each([
    [{}, 400, 'body.text'],
    [{ text: ' ' }, 400, 'body.text'],
    [{ text: 'x'.repeat(8_001) }, 400, 'body.text'],
    [{ text: 'a\0' }, 400, 'body.text'],
    [{ text: 'x', attributes: ['height'] }, 400, 'body.attributes[0]'],
    [{ text: 'x', max_variants: 0 }, 400, 'body.max_variants'],
    [{ text: 'x', bias_threshold: 1.5 }, 400, 'body.bias_threshold'],
    [{ text: 'She', model: 'huge' }, 404, 'body.model'],
  ])('refuses %j', async (body, status, param) => {
    expect(refusal(await made.post('/api/v1/counterfactuals', body))).toMatchObject({ status, param });
  });
});

describe('POST /api/v1/ratings', () => {
  const rate = async (body: object, headers?: Record<string, string>) => {
    const { id } = (await made.post('/api/v1/counterfactuals', { text: TEXT }, headers)).json();
    return made.post('/api/v1/ratings', { counterfactual_id: id, ...body }, headers);
  };

  it('keeps one rating per user, and moves the gauge', async () => {
    const { id } = (await made.post('/api/v1/counterfactuals', { text: TEXT })).json();
    const first = await made.post('/api/v1/ratings', { counterfactual_id: id, variant: 1, rating: 2, comment: 'Hm' });
    expect(first.json()).toEqual({ id: expect.any(String), average: 2, count: 1 });
    const second = await made.post('/api/v1/ratings', { counterfactual_id: id, variant: 1, rating: 4 });
    expect(second.json()).toEqual({ id: first.json().id, average: 4, count: 1 });
    expect((await made.get('/metrics')).body).toContain('user_rating_score{subject="counterfactual"} 3\n');
  });

  it('knows only what belongs to the tenant', async () => {
    const { id } = (await made.post('/api/v1/counterfactuals', { text: TEXT })).json();
    const unknown = { status: 404, param: 'body.counterfactual_id' };
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect(refusal(await made.post('/api/v1/ratings', { counterfactual_id: nobody, rating: 3 }))).toMatchObject(
      unknown,
    );
    const foreign = await made.post('/api/v1/ratings', { counterfactual_id: id, rating: 3 }, bob);
    // Callers of one tenant share what they made; of two, they do not.
    const tenants = new Set(
      (await Promise.all([made.get('/api/v1/session'), made.get('/api/v1/session', bob)])).map((a) => a.json().tenant),
    );
    expect(foreign.statusCode).toBe(tenants.size === 1 ? 200 : 404);
  });

  it.each([
    [{ rating: 0 }, 400, 'body.rating'],
    [{ rating: 4.5 }, 400, 'body.rating'],
    [{ rating: 3, variant: 2 }, 400, 'body.variant'],
    [{ rating: 3, comment: 'a\0b' }, 400, 'body.comment'],
    [{ rating: 3, counterfactual_id: 'x' }, 400, 'body.counterfactual_id'],
  ])('refuses %j', async (body, status, param) => {
    expect(refusal(await rate(body))).toMatchObject({ status, param });
  });
});
