import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { at } from '../../../constructs/bridge/manifest.ts';
import type { EnvironmentName } from '../../../stacks/environments.ts';
import type { PlatformName } from '../../../stacks/platforms/index.ts';
import { startWholeService, type WholeService } from '../../services/orchestrator/support/whole-service.ts';
import { find, manifestsOf } from './support/inventory.ts';

/** What a platform tells an orchestrator of its callers. */
function policyOf(platform: PlatformName, environment: EnvironmentName, name: string): object {
  const map = find(manifestsOf(platform, environment), 'ConfigMap', { name: `${name}-config` });
  return JSON.parse(String(at(map ?? {}, 'data', 'policy.json'))) as object; // the file is an object
}

/** A request of a guide, as its curl commands send them: without a token. */
type Asked = readonly [method: 'GET' | 'POST', path: string, status: number, body?: object];

const experiment = {
  name: 'Test new prompt v3',
  description: 'Improved prompt with examples',
  primary_model: 'gpt-4',
  secondary_model: 'claude-3-opus-20240229',
  prompt_template: 'Review this code...',
  routing_strategy: 'primary',
  tags: ['prompt-v3', 'gpt-4'],
};
const limit = { user_id: 'user_123', period: 'daily', limit: 10.0 };

const budgets = (status: number): readonly Asked[] => [
  ['POST', '/api/v1/budget/limit', status, limit],
  ['GET', '/api/v1/budget/user/user_123?period=daily', status],
  ['GET', '/api/v1/budget/top-spenders/daily?limit=10', status],
];

describe.each<[PlatformName, EnvironmentName, string, readonly Asked[]]>([
  ['multi-agent-rag', 'local', 'orchestrator', [...budgets(200), ['GET', '/v1/models', 200]]],
  ['multi-agent-rag', 'prod', 'orchestrator', [...budgets(401), ['GET', '/health', 200], ['GET', '/metrics', 200]]],
  [
    'three-version',
    'prod',
    'platform-v1-api',
    [
      ['POST', '/api/v1/experiments/create', 201, experiment],
      ['GET', '/api/v1/experiments', 200],
      // Nobody made it: whoever asks is told so, and not that they may not ask.
      ['POST', '/api/v1/evaluation/promote/00000000-0000-4000-8000-000000000000', 404],
      ['POST', '/api/v1/budget/limit', 403, limit],
    ],
  ],
  [
    'three-version',
    'prod',
    'platform-v3-api',
    [
      ['GET', '/api/v1/quarantine/records', 200],
      ['GET', '/api/v1/quarantine/statistics', 200],
      ['POST', '/api/v1/documents', 403, { id: 'a', text: 'Nobody stores documents here.' }],
    ],
  ],
])("the guide's requests without a token: %s.%s, %s", (platform, environment, name, requests) => {
  let whole: WholeService;
  beforeAll(async () => {
    whole = await startWholeService({ policy: policyOf(platform, environment, name) });
  }, 60_000);
  afterAll(() => whole.stop());

  it.each(requests.map((request) => ({ request })))('$request', async ({ request: [method, path, status, body] }) => {
    const response = await fetch(`${whole.url}${path}`, {
      method,
      signal: AbortSignal.timeout(5_000),
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    expect([response.status, status === response.status ? '' : await response.text()]).toEqual([status, '']);
  });
});
