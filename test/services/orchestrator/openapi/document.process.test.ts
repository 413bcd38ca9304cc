import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Operation, operations } from '../../../support/openapi.ts';
import { startWholeService, type WholeService } from '../support/whole-service.ts';

let whole: WholeService;
let all: Operation[];
beforeAll(async () => {
  whole = await startWholeService();
  all = operations((await whole.service.app.inject('/docs/json')).json());
}, 60_000);
afterAll(() => whole.stop());

/** All that the contract names, with every feature set switched on. */
const CONTRACT = [
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /health/startup',
  'GET /health/detailed',
  'POST /v1/chat/completions',
  'POST /v1/messages',
  'POST /v1/embeddings',
  'GET /v1/models',
  'POST /api/v1/documents',
  'DELETE /api/v1/documents/{id}',
  'POST /api/v1/search',
  'POST /api/v1/query',
  'POST /api/v1/agents/run',
  'GET /api/v1/budget/user/{id}',
  'POST /api/v1/budget/limit',
  'GET /api/v1/budget/top-spenders/{period}',
  'POST /v1/similarity',
  'POST /v1/batch-similarity',
  'POST /v1/rerank',
  'POST /api/v1/counterfactuals',
  'POST /api/v1/ratings',
  'POST /api/v1/experiments/create',
  'POST /api/v1/experiments/run/{id}',
  'GET /api/v1/experiments/{id}',
  'GET /api/v1/experiments',
  'POST /api/v1/evaluation/promote/{id}',
  'POST /api/v1/evaluation/quarantine/{id}',
  'GET /api/v1/health/slo',
  'GET /api/v1/health/status',
  'GET /api/v1/metrics/slo-compliance',
  'GET /metrics/slo-compliance',
  'GET /api/v1/metrics/models',
  'GET /api/v1/quarantine/records',
  'GET /api/v1/quarantine/statistics',
  'PUT /admin/maintenance',
  'GET /admin/providers',
  'GET /metrics',
];

describe('the OpenAPI document', () => {
  it('has every endpoint of the contract', () => {
    const documented = all.map(({ method, path }) => `${method} ${path}`);
    expect(CONTRACT.filter((name) => !documented.includes(name))).toEqual([]);
  });

  it('says of each operation what it is for, to what it belongs, and how it fails', () => {
    for (const { method, path, summary, tags, responses } of all) {
      const statuses = Object.keys(responses);
      expect([method, path, summary, tags.length]).toEqual([method, path, expect.stringMatching(/\w{3}/), 1]);
      expect([path, statuses.some((status) => /^2/.test(status))]).toEqual([path, true]);
      if (tags[0] !== 'health' && path !== '/metrics') {
        expect([path, statuses.map((status) => status.toLowerCase())]).toEqual([path, expect.arrayContaining(['4xx'])]);
      }
    }
  });

  it('describes each parameter of a path, and the body of what is posted', () => {
    for (const { method, path, parameters, body } of all) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect([path, parameters.filter((one) => one.in === 'path').map(({ name }) => name)]).toEqual([path, named]);
      const bodiless = path.includes('/evaluation/promote/');
      if (method === 'POST' || method === 'PUT') expect([path, body !== undefined]).toEqual([path, !bodiless]);
    }
  });
});
