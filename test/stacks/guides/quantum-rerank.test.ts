import { describe, expect, it } from '@jest/globals';
import { objectsAt, podSpecOf } from '../../../constructs/bridge/manifest.ts';
import { describeGuide, find, manifestsOf } from './support/inventory.ts';

const namespace = 'quantum-rerank';

describeGuide({
  platform: 'quantum-rerank',
  namespaces: [namespace],
  deployments: [
    { namespace, name: 'quantum-rerank' },
    { namespace, name: 'redis' },
  ],
  services: [
    { namespace, name: 'quantum-rerank-service', ports: [8000] },
    { namespace, name: 'redis', ports: [6379] },
    { namespace, name: 'prometheus', ports: [9090] },
    { namespace, name: 'grafana', ports: [3000], where: 'publicImages' },
  ],
  autoscalers: [
    {
      namespace,
      name: 'quantum-rerank-hpa',
      target: 'quantum-rerank',
      min: 3,
      max: 10,
      cpu: 70,
      memory: 80,
      upSeconds: 60,
      downSeconds: 300,
    },
  ],
  configMaps: [{ namespace, name: 'quantum-rerank-config' }],
  secrets: [{ namespace, name: 'quantum-rerank-secrets', keys: ['api-key'] }],
  labels: [{ namespace, name: 'quantum-rerank' }],
});

describe('the host of quantum-rerank', () => {
  const routes = (environment: 'dev' | 'prod') =>
    JSON.stringify(manifestsOf('quantum-rerank', environment).filter(({ kind }) => kind === 'HTTPRoute'));

  it('is the one of its guide in production, and another one before', () => {
    expect(routes('prod')).toContain('"api.quantumrerank.com"');
    expect(routes('dev')).toContain('"quantum-rerank.dev.keelson.example"');
  });
});

describe('an instance of quantum-rerank', () => {
  it('stays below 2 GB of memory', () => {
    const found = find(manifestsOf('quantum-rerank', 'prod'), 'Deployment', { namespace, name: 'quantum-rerank' });
    const [container] = objectsAt(found && podSpecOf(found), 'containers');
    expect(container).toMatchObject({ resources: { limits: { memory: expect.stringMatching(/^1[0-9]{0,3}Mi$/) } } });
  });
});
