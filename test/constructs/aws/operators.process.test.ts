import { describe, expect, it } from '@jest/globals';
import { Provider } from '@pulumi/kubernetes/provider.js';
import { InstalledOperators } from '../../../constructs/aws/installed-operators.ts';
import { inOrder } from '../../../constructs/aws/operators.ts';
import { mockEngine, settled } from '../../support/mocks.ts';

describe('inOrder', () => {
  it('puts each operator after all that it needs, once', () => {
    expect(inOrder(['gateway', 'keda', 'cloudnative-pg'])).toEqual([
      'cert-manager',
      'cloudnative-pg',
      'load-balancer-controller',
      'gateway',
      'metrics-server',
      'keda',
    ]);
  });
});

describe('InstalledOperators', () => {
  it('installs pinned charts, each waiting for those before it', async () => {
    const registered = await mockEngine();
    const cluster = new Provider('cluster', { kubeconfig: '{}' });
    new InstalledOperators('operators', { cluster, names: ['keda'], values: { keda: { watchNamespace: 'x' } } });
    await settled();
    const releases = registered.filter(({ type }) => type === 'kubernetes:helm.sh/v3:Release');
    expect(releases.map(({ name }) => name)).toEqual(['metrics-server', 'keda']);
    expect(releases[1]?.inputs).toMatchObject({ version: '2.20.1', atomic: true, values: { watchNamespace: 'x' } });
    expect(releases[1]?.dependencies.some((urn) => urn.endsWith('::metrics-server'))).toBe(true);
  });
});
