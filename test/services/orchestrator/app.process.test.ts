import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { DependencyMonitor } from '../../../services/orchestrator/src/dependencies/monitor.ts';
import { DocumentWriter } from '../../../services/orchestrator/src/documents/writer.ts';
import { CATALOGUE } from '../../../services/orchestrator/src/errors/catalogue.ts';
import { Retriever } from '../../../services/orchestrator/src/retrieval/retriever.ts';
import { PostgresDocuments } from '../../../services/orchestrator/src/stores/postgres/documents.ts';
import { migrate } from '../../../services/orchestrator/src/stores/postgres/migrations.ts';
import { createPool } from '../../../services/orchestrator/src/stores/postgres/pool.ts';
import { InferenceClient } from '../../../services/orchestrator/src/upstream/inference.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { alice, bob, type TestApp, testApp } from './support/app.ts';
import { DIMENSION, startInference } from './support/embedding.ts';
import { MemoryVectors } from './support/memory-vectors.ts';

let server: TestPostgres;
let pool: pg.Pool;
let made: TestApp;
let inference: InferenceClient;
let standIn: Awaited<ReturnType<typeof startInference>>;
const vectors = new MemoryVectors();
let redisUp = true;
const monitors = [
  new DependencyMonitor({ name: 'postgres', hard: true, check: async () => undefined }),
  new DependencyMonitor({
    name: 'redis',
    hard: false,
    check: async () => {
      if (!redisUp) throw new Error('gone');
    },
  }),
];

beforeAll(async () => {
  [server, standIn] = await Promise.all([startPostgres(), startInference()]);
  await migrate({
    postgres: server.options,
    dir: join(import.meta.dirname, '../../../services/orchestrator/migrations'),
  });
  pool = createPool(server.options);
  const documents = new PostgresDocuments(pool);
  inference = new InferenceClient({ url: standIn.url, model: 'words', dimension: DIMENSION });
  const deps = { documents, vectors, embedder: inference };
  made = await testApp({
    monitors,
    inference,
    writers: ['alice'],
    rag: { writer: new DocumentWriter({ ...deps, onLeftover: () => undefined }), retriever: new Retriever(deps) },
  });
  for (const monitor of monitors) await monitor.check();
}, 20_000);
afterAll(async () => {
  await made.app.close();
  await inference.close();
  standIn.server.close();
  await pool.end();
  await server.stop();
});

const post = (url: string, payload: object | string | Buffer, headers: Record<string, string> = alice) =>
  made.app.inject({ method: 'POST', url, headers: { 'content-type': 'application/json', ...headers }, payload });
const LIGHTHOUSE =
  '# Lighthouse\n\n## Lamp\n\nThe lamp of the lighthouse turns nine times a minute.\n\n## Horn\n\n```sh\n# Sound the fog horn\nhorn --long 3\n```';

describe('documents and answers', () => {
  it('stores a document, finds it, answers from it with a citation, and forgets it', async () => {
    const stored = await post('/api/v1/documents', {
      id: 'isle/lighthouse.md',
      text: LIGHTHOUSE,
      source: 'lighthouse.md',
    });
    expect([stored.statusCode, stored.json()]).toEqual([
      200,
      { id: 'isle/lighthouse.md', passages: 2, unchanged: false },
    ]);
    const answered = await post('/api/v1/query', { query: 'How do I sound the fog horn?' });
    expect(answered.json()).toEqual({
      answer: expect.stringMatching(
        /Lighthouse > Horn \[1\]:\n```sh\n# Sound the fog horn\nhorn --long 3\n```[\s\S]*extractive/,
      ),
      mode: 'extractive',
      grounded: true,
      citations: [
        {
          document: 'isle/lighthouse.md',
          source: 'lighthouse.md',
          heading: 'Horn',
          passage: expect.stringContaining('horn --long 3'),
          score: expect.any(Number),
          position: 1,
        },
      ],
    });
    const found = (await post('/api/v1/search', { query: 'lamp', limit: 1 })).json();
    expect(found.results).toEqual([expect.objectContaining({ heading: 'Lamp', position: 0 })]);
    const gone = await made.app.inject({
      method: 'DELETE',
      url: '/api/v1/documents/isle%2Flighthouse.md',
      headers: alice,
    });
    expect(gone.statusCode).toBe(204);
    expect((await post('/api/v1/search', { query: 'lamp' })).json()).toEqual({ results: [] });
    expect(
      (await made.app.inject({ method: 'DELETE', url: '/api/v1/documents/x', headers: alice })).json().error.code,
    ).toBe('document_not_found');
  });

  it('says that no document covers a question', async () => {
    await post('/api/v1/documents', { id: 'l', text: LIGHTHOUSE });
    expect((await post('/api/v1/query', { query: 'Who painted the ceiling of the chapel?' })).json()).toEqual({
      answer: expect.stringContaining('No stored document covers this question'),
      mode: 'none',
      grounded: false,
      citations: [],
    });
  });

  it('answers from what the vector store lost, while it is being made again', async () => {
    await post('/api/v1/documents', { id: 'l', text: LIGHTHOUSE });
    vectors.records.clear();
    expect((await post('/api/v1/query', { query: 'How do I sound the fog horn?' })).json()).toMatchObject({
      grounded: true,
    });
    await made.app.inject({ method: 'DELETE', url: '/api/v1/documents/l', headers: alice });
  });

  it('streams the same answer: citations, parts, end', async () => {
    await post('/api/v1/documents', { id: 'l', text: LIGHTHOUSE });
    const query = 'How often does the lamp of the lighthouse turn?';
    const [whole, streamed] = [
      await post('/api/v1/query', { query }),
      await post('/api/v1/query', { query, stream: true }),
    ];
    const events = streamed.body
      .trimEnd()
      .split('\n\n')
      .map((event) => {
        const [name, data] = event.split('\n').map((line) => line.slice(line.indexOf(': ') + 2));
        return { name, data: JSON.parse(data ?? '') };
      });
    expect(events.map(({ name }) => name)).toEqual(['citations', 'delta', 'done']);
    expect(events[0]?.data.citations).toEqual(whole.json().citations);
    expect(events[1]?.data.text).toBe(whole.json().answer);
    expect(events[2]?.data).toEqual({ mode: 'extractive', grounded: true });
  });

  it('says which dependency is missing, and works again after its return', async () => {
    vectors.failure = Object.assign(new Error('canary'), { code: 'ECONNREFUSED' });
    const { statusCode, body } = await post('/api/v1/search', { query: 'lamp' });
    vectors.failure = undefined;
    expect(statusCode).toBe(500);
    expect(body).not.toContain('canary');
    expect((await post('/api/v1/search', { query: 'lamp' })).statusCode).toBe(200);
  });
});

describe('who may call', () => {
  it('wants a token everywhere but for health, metrics and documentation', async () => {
    for (const { method, url } of [
      { method: 'POST', url: '/api/v1/query' },
      { method: 'POST', url: '/v1/chat/completions' },
      { method: 'DELETE', url: '/api/v1/documents/x' },
      { method: 'GET', url: '/v1/models' },
    ] as const) {
      const answer = await made.app.inject({ method, url });
      expect([answer.statusCode, answer.json().error.code, answer.headers['www-authenticate']]).toEqual([
        401,
        'unauthenticated',
        expect.stringContaining('Bearer'),
      ]);
    }
    for (const url of [
      '/health',
      '/health/live',
      '/health/detailed',
      '/metrics',
      '/docs',
      '/docs/json',
      '/docs/swagger-ui.css',
    ]) {
      expect([url, (await made.app.inject(url)).statusCode]).toEqual([url, 200]);
    }
  });

  it.each(['Bearer wrong', 'Basic token-of-alice', 'Bearer', 'Bearer token-of-alice extra'])(
    'refuses "%s" and never repeats it',
    async (authorization) => {
      const answer = await post('/api/v1/query', { query: 'x' }, { authorization });
      expect(answer.statusCode).toBe(401);
      expect(answer.json().error.cure).toContain('Bearer <token>');
      expect(answer.body).not.toContain('token-of-alice');
    },
  );

  it('lets only the callers named for it change documents', async () => {
    const answer = await post('/api/v1/documents', { id: 'a', text: 'b' }, bob);
    expect([answer.statusCode, answer.json().error]).toEqual([
      403,
      expect.objectContaining({ code: 'not_allowed', cure: expect.stringContaining('DOCUMENT_WRITERS') }),
    ]);
    expect((await post('/api/v1/search', { query: 'x' }, bob)).statusCode).toBe(200);
  });
});

describe('bad input', () => {
  it.each<{
    readonly name: string;
    url: string;
    payload: object | string | Buffer;
    status: number;
    param: string | null;
  }>([
    { name: 'no question', url: '/api/v1/query', payload: {}, status: 400, param: 'body.query' },
    { name: 'an empty question', url: '/api/v1/query', payload: { query: ' \n' }, status: 400, param: 'body.query' },
    {
      name: 'a question that is too long',
      url: '/api/v1/query',
      payload: { query: 'x'.repeat(4001) },
      status: 400,
      param: 'body.query',
    },
    {
      name: 'a number in quotes',
      url: '/api/v1/query',
      payload: { query: 'x', limit: '5' },
      status: 400,
      param: 'body.limit',
    },
    {
      name: 'a misspelt field',
      url: '/api/v1/query',
      payload: { query: 'x', stram: true },
      status: 400,
      param: 'body.stram',
    },
    { name: 'half of a JSON body', url: '/api/v1/query', payload: '{"query":', status: 400, param: null },
    { name: 'no body', url: '/api/v1/query', payload: '', status: 400, param: 'body' },
    {
      name: 'a body that is not UTF-8',
      url: '/api/v1/query',
      payload: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      status: 400,
      param: null,
    },
    {
      name: 'a poisoned prototype',
      url: '/api/v1/query',
      payload: '{"query":"x","__proto__":{"a":1}}',
      status: 400,
      param: null,
    },
    {
      name: 'a limit out of range',
      url: '/api/v1/search',
      payload: { query: 'x', limit: 51 },
      status: 400,
      param: 'body.limit',
    },
    {
      name: 'a NUL in a question',
      url: '/api/v1/search',
      payload: { query: 'a\0b' },
      status: 400,
      param: 'body.query',
    },
    {
      name: 'a line feed in an id',
      url: '/api/v1/documents',
      payload: { id: 'a\nb', text: 'x' },
      status: 400,
      param: 'body.id',
    },
    {
      name: 'a NUL deep inside',
      url: '/api/v1/documents',
      payload: { id: 'a', text: 'x', metadata: { deep: ['\0'] } },
      status: 400,
      param: 'body.metadata.deep[0]',
    },
    {
      name: 'a document without text',
      url: '/api/v1/documents',
      payload: { id: 'a', text: '# Only a heading' },
      status: 400,
      param: 'body.text',
    },
    {
      name: 'a text that is too long',
      url: '/api/v1/documents',
      payload: { id: 'a', text: 'ä'.repeat(3 * 1024 * 1024) },
      status: 413,
      param: 'body.text',
    },
    {
      name: 'a body that is too long',
      url: '/api/v1/documents',
      payload: { id: 'a', text: 'a'.repeat(12 * 1024 * 1024) },
      status: 413,
      param: null,
    },
    {
      name: 'nothing to embed',
      url: '/v1/embeddings',
      payload: { model: 'words', input: [] },
      status: 400,
      param: 'body.input',
    },
    {
      name: 'an unknown embedding model',
      url: '/v1/embeddings',
      payload: { model: 'other', input: 'x' },
      status: 404,
      param: 'body.model',
    },
    {
      name: 'a message without a role',
      url: '/v1/chat/completions',
      payload: { model: 'm', messages: [{}] },
      status: 400,
      param: 'body.messages[0].role',
    },
    { name: 'an unknown address', url: '/v1/nothing', payload: {}, status: 404, param: null },
  ])('$name', async ({ url, payload, status, param }) => {
    const before = (await pool.query('SELECT count(*) FROM rag.documents')).rows;
    const answer = await post(url, payload);
    expect([answer.statusCode, answer.json().error]).toEqual([
      status,
      {
        message: expect.stringMatching(/\w/),
        type: expect.any(String),
        code: expect.any(String),
        param,
        status,
        cure: expect.stringMatching(/\w/),
        request_id: answer.headers['x-request-id'],
        ...(param === null ? {} : { details: expect.any(Array) }),
      },
    ]);
    expect((await pool.query('SELECT count(*) FROM rag.documents')).rows).toEqual(before);
  });

  it('refuses another content type, and a path that is no text', async () => {
    expect((await post('/api/v1/query', 'query=x', { ...alice, 'content-type': 'text/plain' })).statusCode).toBe(415);
    expect((await made.app.inject({ method: 'DELETE', url: '/api/v1/documents/%ff', headers: alice })).statusCode).toBe(
      400,
    );
  });

  it('takes a DELETE with a content type and no body', async () => {
    const headers = { ...alice, 'content-type': 'application/json' };
    expect((await made.app.inject({ method: 'DELETE', url: '/api/v1/documents/none', headers })).statusCode).toBe(404);
  });

  it('has a cure for every error of the catalogue', () => {
    for (const { cure, message, status } of Object.values(CATALOGUE)) {
      expect(`${message} ${cure}`).toMatch(/^[A-Z].+\. .+\.$/);
      expect(status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('embeddings', () => {
  it('come as numbers, or as base64 where a client asks for that', async () => {
    const [numbers, text] = [
      (await post('/v1/embeddings', { model: 'words', input: ['lamp', 'horn'] })).json(),
      (await post('/v1/embeddings', { model: 'words', input: 'lamp', encoding_format: 'base64' })).json(),
    ];
    expect(numbers.data).toHaveLength(2);
    const bytes = Buffer.from(text.data[0].embedding, 'base64');
    const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    expect([...floats]).toEqual(numbers.data[0].embedding.map(Math.fround));
    expect(numbers.usage).toEqual({ prompt_tokens: 7, total_tokens: 7 });
  });

  it('are listed as a model', async () => {
    const listed = (await made.app.inject({ url: '/v1/models', headers: alice })).json();
    expect(listed).toEqual({
      object: 'list',
      data: [{ id: 'words', object: 'model', created: expect.any(Number), owned_by: 'inference' }],
    });
  });
});

describe('health and metrics', () => {
  it('is degraded, and still ready, without a soft dependency', async () => {
    redisUp = false;
    await monitors[1]?.check();
    expect((await made.app.inject('/health')).json()).toEqual({ status: 'degraded', reason: 'down: redis' });
    expect((await made.app.inject('/health/ready')).statusCode).toBe(200);
    const { dependencies } = (await made.app.inject('/health/detailed')).json();
    expect(dependencies[1]).toMatchObject({
      name: 'redis',
      hard: false,
      state: 'down',
      latencyMs: expect.any(Number),
      lastError: { message: 'Error' },
    });
    redisUp = true;
    await monitors[1]?.check();
  });

  it('is not ready while it starts and while it drains, and alive all along', async () => {
    made.lifecycle.waitFor('the database');
    expect((await made.app.inject('/health/startup')).json()).toEqual({
      status: 'unavailable',
      reason: 'starting: waiting for the database',
    });
    expect((await made.app.inject('/health/ready')).statusCode).toBe(503);
    expect((await made.app.inject('/health/live')).statusCode).toBe(200);
    made.lifecycle.complete();
    expect((await made.app.inject('/health/ready')).statusCode).toBe(200);
  });

  it('counts requests by pattern, never by address, and logs no question', async () => {
    await post('/api/v1/query', { query: 'canary-question' });
    await made.app.inject({ method: 'DELETE', url: '/api/v1/documents/canary-id', headers: alice });
    await made.app.inject('/canary-path?canary=1');
    const metrics = (await made.app.inject('/metrics')).body;
    expect(metrics).toMatch(/http_requests_total\{method="DELETE",route="\/api\/v1\/documents\/:id",status="404"\} \d/);
    expect(metrics).toContain('http_request_duration_seconds_bucket');
    expect(metrics + made.logs()).not.toContain('canary');
    expect(made.logs()).toContain('"caller":"alice"');
  });

  it('describes every endpoint at /docs/json', async () => {
    const { paths } = (await made.app.inject('/docs/json')).json();
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/api/v1/documents',
        '/api/v1/documents/{id}',
        '/api/v1/search',
        '/api/v1/query',
        '/v1/chat/completions',
        '/v1/embeddings',
        '/v1/models',
        '/health/ready',
        '/metrics',
      ]),
    );
  });
});
