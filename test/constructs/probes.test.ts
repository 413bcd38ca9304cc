import { describe, expect, it } from '@jest/globals';
import { Duration, probes, Workload } from '../../constructs/index.ts';
import { bench, containerOf, small } from '../support/manifests.ts';

function container(of: ReturnType<typeof probes>) {
  const on = bench();
  new Workload(on.namespace, 'a', {
    name: 'a',
    component: 'test',
    kind: 'Deployment',
    image: { reference: 'registry.example/a:1', version: '1' },
    ports: { http: { number: 8000 } },
    resources: small,
    probes: of,
  });
  return containerOf(on.synth(), 'a');
}

describe('probes', () => {
  it('ask over HTTP, by command, or by opening a connection', () => {
    expect(
      container(probes({ started: { http: '/s', port: 8000 }, ready: { command: ['ok'] }, live: { tcp: 8000 } })),
    ).toMatchObject({
      startupProbe: { httpGet: { path: '/s', port: 8000 } },
      readinessProbe: { exec: { command: ['ok'] } },
      livenessProbe: { tcpSocket: { port: 8000 } },
    });
  });

  it('ask for the start often, for as long as it may take', () => {
    const { startupProbe } = container(
      probes({ ready: { tcp: 8000 }, live: { tcp: 8000 }, startWithin: Duration.minutes(10) }),
    );
    expect(startupProbe).toMatchObject({ tcpSocket: { port: 8000 }, periodSeconds: 2, failureThreshold: 300 });
  });

  it('leave a busy process a minute before they restart it', () => {
    expect(container(probes({ ready: { command: ['ok'] }, live: { tcp: 8000 } })).livenessProbe).toMatchObject({
      periodSeconds: 10,
      failureThreshold: 6,
    });
  });

  it('restart nothing for not being ready: the same question twice becomes a simpler one, or none', () => {
    const http = { http: '/healthz', port: 8000 };
    expect(container(probes({ ready: http, live: http })).livenessProbe).toMatchObject({ tcpSocket: { port: 8000 } });
    expect(container(probes({ ready: { tcp: 8000 }, live: { tcp: 8000 } })).livenessProbe).toBeUndefined();
  });
});
