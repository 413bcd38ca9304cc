import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../support/processes.ts';
import { type FeatureApp, featureApp, refusal } from '../support/feature-app.ts';

let made: FeatureApp;
beforeAll(async () => {
  made = await featureApp({ features: ['experiments', 'production', 'quarantine'] });
}, 30_000);
afterAll(() => made.stop());
beforeEach(() => {
  made.model.asked.length = 0;
  made.model.reply = () => 'There is a bug.';
});

/** As the operations guide creates one. */
const GUIDE = {
  name: 'Test new prompt v3',
  description: 'Improved prompt with examples',
  primary_model: 'small',
  secondary_model: 'large',
  prompt_template: 'Review this code...',
  routing_strategy: 'primary',
  tags: ['prompt-v3', 'gpt-4'],
};
const NOBODY = '00000000-0000-4000-8000-000000000000';

const create = async (part: object = {}) =>
  (await made.post('/api/v1/experiments/create', { ...GUIDE, ...part })).json().experiment_id as string;
const read = async (id: string) => (await made.get(`/api/v1/experiments/${id}`)).json();
const run = async (id: string, body: object) => {
  const answer = await made.post(`/api/v1/experiments/run/${id}`, body);
  if (answer.statusCode !== 202) return answer;
  await eventually(async () => {
    if ((await read(id)).status === 'running') throw new Error('it runs');
  });
  return answer;
};
const SAMPLE = { code_samples: ['def test(): pass'], language: 'python' };

describe('an experiment', () => {
  it('is created, run, read and listed', async () => {
    const created = await made.post('/api/v1/experiments/create', GUIDE);
    expect([created.statusCode, created.json()]).toEqual([
      201,
      expect.objectContaining({ ...GUIDE, status: 'created', metrics: null, created_by: 'alice' }),
    ]);
    const id = created.json().experiment_id;
    const started = await run(id, { ...SAMPLE, expected: ['a bug'] });
    expect([started.statusCode, started.json()]).toEqual([
      202,
      { experiment_id: id, run_id: expect.any(String), status: 'running', samples: 1 },
    ]);
    const done = await read(id);
    expect(done).toMatchObject({
      status: 'completed',
      metrics: { samples: 1, accuracy: 1, accuracy_by: 'expected', error_rate: 0, prompt_tokens: 10, cost_usd: 60e-6 },
      runs: [{ run_id: started.json().run_id, status: 'completed', done: 1, language: 'python' }],
      results: [{ position: 0, model: 'small', sample: 'def test(): pass', output: 'There is a bug.', score: 1 }],
    });
    expect(made.model.asked).toEqual([
      expect.objectContaining({
        model: 'small',
        messages: [{ role: 'user', content: 'Review this code...\n\n```python\ndef test(): pass\n```' }],
      }),
    ]);
    const listed = (await made.get('/api/v1/experiments?tag=prompt-v3&status=completed')).json();
    expect(listed.experiments.map((one: { experiment_id: string }) => one.experiment_id)).toContain(id);
  });

  it('is judged by its other model where nothing is expected', async () => {
    const id = await create();
    made.model.reply = ({ model }) => (model === 'large' ? '{"score": 90}' : 'It is fine.');
    await run(id, { code_samples: ['a', 'b'] });
    expect((await read(id)).metrics).toMatchObject({ accuracy: 0.9, accuracy_by: 'judge', samples: 2 });
  });

  it.each([
    ['secondary', ['large', 'large']],
    ['split', ['large', 'small']],
    ['both', ['large', 'large', 'small', 'small']],
  ])('with the strategy %s asks %j', async (routing_strategy, models) => {
    const id = await create({ routing_strategy });
    await run(id, { code_samples: ['a', 'b'], expected: ['bug', 'bug'] });
    expect(made.model.asked.map(({ model }) => model).sort()).toEqual(models);
  });

  it('falls back to the secondary model, and records the error of the first', async () => {
    made.model.reply = ({ model }) => (model === 'small' ? { status: 400 } : 'a bug');
    const id = await create({ routing_strategy: 'fallback' });
    await run(id, { code_samples: ['a'], expected: ['bug'] });
    expect(await read(id)).toMatchObject({
      metrics: { error_rate: 0, accuracy: 1 },
      results: [
        { model: 'large', output: 'a bug', error: null },
        { model: 'small', output: null, error: expect.stringContaining('upstream') },
      ],
    });
  });

  it('runs once at a time', async () => {
    const id = await create();
    let release = (_: string) => {};
    made.model.reply = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const first = made.post(`/api/v1/experiments/run/${id}`, { ...SAMPLE, expected: ['x'] });
    expect((await first).statusCode).toBe(202);
    expect(refusal(await made.post(`/api/v1/experiments/run/${id}`, SAMPLE))).toMatchObject({ status: 409 });
    expect(refusal(await made.post(`/api/v1/evaluation/promote/${id}`))).toMatchObject({ status: 409 });
    await eventually(() => expect(made.model.asked).toHaveLength(1));
    release('x');
    await eventually(async () => expect((await read(id)).status).toBe('completed'));
  });

  it('is failed when the replica that ran it ended', async () => {
    const id = await create();
    await made.pool.query(
      `INSERT INTO experiments_v1.runs (experiment, started_by, heartbeat_at) VALUES ($1, 'x', now() - interval '2 minutes')`,
      [id],
    );
    await made.pool.query(`UPDATE experiments_v1.experiments SET status = 'running' WHERE id = $1`, [id]);
    expect(await read(id)).toMatchObject({
      status: 'failed',
      runs: [{ status: 'failed', error: 'the replica that ran it ended' }],
    });
    await run(id, { ...SAMPLE, expected: ['bug'] });
    expect((await read(id)).status).toBe('completed');
  });
});

describe('promotion', () => {
  it('takes place when every criterion is met, and again changes nothing', async () => {
    const id = await create({ name: 'promoted' });
    await run(id, { ...SAMPLE, expected: ['bug'] });
    const first = await made.post(`/api/v1/evaluation/promote/${id}`);
    expect([first.statusCode, first.json()]).toEqual([
      200,
      {
        experiment_id: id,
        promotion_id: expect.any(String),
        status: 'promoted',
        forced: false,
        checks: expect.arrayContaining([expect.objectContaining({ metric: 'accuracy', value: 1, passed: true })]),
      },
    ]);
    expect((await made.post(`/api/v1/evaluation/promote/${id}`)).json().promotion_id).toBe(first.json().promotion_id);
    const { rows } = await made.pool.query(`SELECT * FROM audit.event_log WHERE subject = $1 ORDER BY id`, [
      `experiment/${id}`,
    ]);
    expect(rows.map(({ actor, action }) => [actor, action])).toEqual([
      ['alice', 'experiment.create'],
      ['alice', 'experiment.promoted'],
    ]);
    expect(rows[1]).toMatchObject({ old_value: { status: 'completed' }, new_value: { decision: 'promoted' } });
    expect(refusal(await made.post(`/api/v1/experiments/run/${id}`, SAMPLE))).toMatchObject({ status: 409 });
  });

  it('is refused with every criterion that is not met, and recorded', async () => {
    const id = await create();
    await run(id, { ...SAMPLE, expected: ['something else'] });
    const refused = await made.post(`/api/v1/evaluation/promote/${id}`);
    expect(refusal(refused)).toEqual({
      status: 409,
      param: 'metrics.accuracy',
      cure: expect.stringContaining('?force=true'),
    });
    expect(refused.json().error.message).toContain('is 0, below 0.95');
    const { rows } = await made.pool.query('SELECT decision FROM experiments_v1.evaluations WHERE experiment = $1', [
      id,
    ]);
    expect(rows).toEqual([{ decision: 'refused' }]);
  });

  it('can be forced, and replaces what was active under the name', async () => {
    const [before, after] = [await create({ name: 'replaced' }), await create({ name: 'replaced' })];
    await made.post(`/api/v1/evaluation/promote/${before}?force=true`);
    const forced = await made.post(`/api/v1/evaluation/promote/${after}?force=true`);
    expect(forced.json()).toMatchObject({ status: 'promoted', forced: true });
    const { rows } = await made.pool.query(
      `SELECT experiment, active FROM production.models WHERE name = 'replaced' ORDER BY promoted_at`,
    );
    expect(rows).toEqual([
      { experiment: before, active: false },
      { experiment: after, active: true },
    ]);
  });
});

describe('quarantine', () => {
  const WHY = {
    reason: 'Accuracy below threshold (0.92 < 0.95)',
    impact_analysis: { affected_models: ['gpt-4'], recommendation: 'Adjust prompt template' },
  };

  it('sets an experiment aside, takes it out of production, and is found', async () => {
    const id = await create({ name: 'set aside' });
    await made.post(`/api/v1/evaluation/promote/${id}?force=true`);
    const done = await made.post(`/api/v1/evaluation/quarantine/${id}`, WHY);
    expect([done.statusCode, done.json()]).toEqual([
      200,
      {
        experiment_id: id,
        quarantine_id: expect.any(String),
        status: 'quarantined',
        quarantined_at: expect.any(String),
      },
    ]);
    const active = await made.pool.query('SELECT 1 FROM production.models WHERE experiment = $1 AND active', [id]);
    expect(active.rows).toEqual([]);
    expect((await read(id)).status).toBe('quarantined');
    const { records } = (await made.get(`/api/v1/quarantine/records?experiment_id=${id}`)).json();
    expect(records).toEqual([
      expect.objectContaining({
        quarantine_id: done.json().quarantine_id,
        experiment_id: id,
        name: 'set aside',
        ...WHY,
        status: 'quarantined',
        quarantined_by: 'alice',
        experiment: expect.objectContaining({ status: 'promoted', promptTemplate: 'Review this code...' }),
      }),
    ]);
    for (const url of [`evaluation/promote/${id}?force=true`, `evaluation/quarantine/${id}`, `experiments/run/${id}`]) {
      const body = url.includes('promote') ? undefined : url.includes('run') ? SAMPLE : WHY;
      expect([url, (await made.post(`/api/v1/${url}`, body)).statusCode]).toEqual([url, 409]);
    }
  });

  it('ends a run under way', async () => {
    const id = await create();
    let release = (_: string) => {};
    made.model.reply = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    await made.post(`/api/v1/experiments/run/${id}`, { ...SAMPLE, expected: ['x'] });
    await eventually(() => expect(made.model.asked).toHaveLength(1));
    await made.post(`/api/v1/evaluation/quarantine/${id}`, WHY);
    release('x');
    await eventually(async () => {
      expect(await read(id)).toMatchObject({
        status: 'quarantined',
        runs: [{ status: 'failed', error: 'the experiment was quarantined' }],
      });
    });
  });

  it('counts by reason, model and day', async () => {
    const before = (await made.get('/api/v1/quarantine/statistics')).json();
    await made.post(`/api/v1/evaluation/quarantine/${await create()}`, { reason: 'counted' });
    const after = (await made.get('/api/v1/quarantine/statistics')).json();
    expect(after).toMatchObject({ total: before.total + 1, quarantined: before.quarantined + 1, released: 0 });
    expect(after.by_reason).toContainEqual({ reason: 'counted', count: 1 });
    // Nobody named the models that are affected: then it is the experiment's own.
    expect(after.by_model).toContainEqual({ model: 'small', count: 1 });
    expect(after.by_day).toEqual([{ day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), count: after.total }]);
  });
});

describe('lists', () => {
  it('come in pages without gaps or repetitions', async () => {
    for (let at = 0; at < 5; at += 1) await create({ tags: ['paged'] });
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = (await made.get(`/api/v1/experiments?tag=paged&limit=2${cursor}`)).json();
      seen.push(...page.experiments.map((one: { experiment_id: string }) => one.experiment_id));
      cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`;
    } while (cursor !== '');
    expect(seen).toHaveLength(5);
    expect(new Set(seen).size).toBe(5);
  });
});

describe('bad input', () => {
  it.each([
    ['experiments/create', {}, 400, 'body.name'],
    ['experiments/create', { ...GUIDE, name: ' ' }, 400, 'body.name'],
    ['experiments/create', { ...GUIDE, routing_strategy: 'random' }, 400, 'body.routing_strategy'],
    ['experiments/create', { ...GUIDE, prompt_template: 'a\0' }, 400, 'body.prompt_template'],
    [
      'experiments/create',
      { ...GUIDE, success_criteria: { min_accuracy: 2 } },
      400,
      'body.success_criteria.min_accuracy',
    ],
    [`experiments/run/${NOBODY}`, SAMPLE, 404, null],
    ['experiments/run/x', SAMPLE, 400, 'params.id'],
    [`experiments/run/${NOBODY}`, { code_samples: [] }, 400, 'body.code_samples'],
    [`experiments/run/${NOBODY}`, { ...SAMPLE, expected: ['a', 'b'] }, 400, 'body.expected'],
    [`evaluation/promote/${NOBODY}`, undefined, 404, null],
    [`evaluation/promote/${NOBODY}?force=yes`, undefined, 400, 'querystring.force'],
    [`evaluation/quarantine/${NOBODY}`, { reason: 'x' }, 404, null],
    [`evaluation/quarantine/${NOBODY}`, { impact_analysis: {} }, 400, 'body.reason'],
    [`evaluation/quarantine/${NOBODY}`, { reason: 'x', impact_analysis: 'big' }, 400, 'body.impact_analysis'],
  ])('POST %s with %j', async (url, body, status, param) => {
    expect(refusal(await made.post(`/api/v1/${url}`, body))).toMatchObject({ status, param });
  });

  it.each([
    ['experiments/x', 400, 'params.id'],
    [`experiments/${NOBODY}`, 404, null],
    ['experiments?limit=0', 400, 'querystring.limit'],
    ['experiments?limit=ten', 400, 'querystring.limit'],
    ['experiments?status=new', 400, 'querystring.status'],
    ['experiments?tag=%00', 400, 'querystring.tag'],
    ['experiments?cursor=abc', 400, 'querystring.cursor'],
    ['quarantine/records?limit=201', 400, 'querystring.limit'],
    ['quarantine/records?experiment_id=1', 400, 'querystring.experiment_id'],
    ['quarantine/records?page=2', 400, 'querystring.page'],
  ])('GET %s', async (url, status, param) => {
    expect(refusal(await made.get(`/api/v1/${url}`))).toMatchObject({ status, param });
  });

  it('names a model that nobody serves before anything runs', async () => {
    const id = await create({ primary_model: 'gpt-4' });
    const answer = await made.post(`/api/v1/experiments/run/${id}`, SAMPLE);
    expect(refusal(answer)).toEqual({
      status: 404,
      param: 'experiment.primary_model',
      cure: 'Create an experiment with one of small, large.',
    });
    expect((await read(id)).runs).toEqual([]);
  });
});
