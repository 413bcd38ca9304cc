import { describe, expect, it } from '@jest/globals';
import { probes, ServiceAlias, Workload } from '../../constructs/index.ts';
import { anotherNamespace, bench, object, small, synthError } from '../support/manifests.ts';

function api() {
  const on = bench();
  const workload = new Workload(on.namespace, 'api', {
    name: 'api',
    component: 'gateway',
    kind: 'Deployment',
    image: { reference: 'registry.example/api:1.0.0', version: '1.0.0' },
    ports: { http: { number: 8000, aliases: { public: 8001 } } },
    resources: small,
    probes: probes({ ready: { http: '/ready', port: 8000 }, live: { http: '/live', port: 8000 } }),
  });
  return { ...on, workload };
}

describe('ServiceAlias', () => {
  it('is a service of the same pods and ports under another name', () => {
    const { namespace, workload, synth } = api();
    new ServiceAlias(namespace, 'alias', { name: 'api-service', target: workload });
    expect(object(synth(), 'Service', 'api-service').spec).toEqual({
      type: 'ClusterIP',
      selector: { app: 'api' },
      ports: [
        { name: 'http', port: 8000, targetPort: 8000, protocol: 'TCP' },
        { name: 'public', port: 8001, targetPort: 8000, protocol: 'TCP' },
      ],
    });
  });

  it('is a name in DNS in another namespace', () => {
    const { chart, workload, synth } = api();
    new ServiceAlias(anotherNamespace(chart, 'other'), 'alias', { name: 'api', target: workload });
    expect(object(synth(), 'Service', 'api', 'other').spec).toEqual({
      type: 'ExternalName',
      externalName: 'api.test.svc.cluster.local',
    });
  });

  it('cannot take the name of the workload itself', () => {
    const { namespace, workload, synth } = api();
    new ServiceAlias(namespace, 'alias', { name: 'api', target: workload });
    expect(synthError(synth)).toContain('alias is "api": the workload has that name already: use another one');
  });
});
