import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { kube, namespace } from './support/platform.ts';

const targets = [
  ['redis', 6379],
  ['postgres', 5432],
  ['milvus', 19530],
  ['inference', 8080],
  ['prometheus', 9090],
] as const;

/** Runs in a pod: says of each target whether a connection opens within 3 s. */
const prober = (hosts: readonly (readonly [string, number])[]): string => `
  const { connect } = require('node:net');
  const attempt = ([host, port]) => new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 3000 });
    const end = (result) => { socket.destroy(); resolve([host.split('.')[0], result]); };
    socket.on('connect', () => end('open')).on('timeout', () => end('refused')).on('error', () => end('refused'));
  });
  Promise.all(${JSON.stringify(hosts)}.map(attempt)).then((all) => console.log(JSON.stringify(Object.fromEntries(all))));`;

const inFull = targets.map(([host, port]) => [`${host}.${namespace}.svc.cluster.local`, port] as const);

function probe(name: string, inNamespace: string, image: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: inNamespace, labels: { app: name } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'probe',
          image,
          command: ['node', '-e', 'setInterval(() => undefined, 1000)'],
          resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '96Mi' } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

const reach = async (
  inNamespace: string,
  pod: string,
  hosts: readonly (readonly [string, number])[],
): Promise<unknown> => JSON.parse(await kube(['exec', '-n', inNamespace, pod, '--', 'node', '-e', prober(hosts)]));

const all = (result: 'open' | 'refused') => Object.fromEntries(targets.map(([host]) => [host, result]));

describe('connections', () => {
  beforeAll(async () => {
    const image = await kube([
      'get',
      'deploy',
      'orchestrator',
      '-n',
      namespace,
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    ]);
    const outside = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'outside' } };
    const objects = [outside, probe('undeclared', namespace, image), probe('outsider', 'outside', image)];
    await kube(['apply', '-f', '-'], objects.map((each) => stringify(each)).join('---\n'));
    await kube(['wait', 'pod/undeclared', '-n', namespace, '--for=condition=Ready', '--timeout=60s']);
    await kube(['wait', 'pod/outsider', '-n', 'outside', '--for=condition=Ready', '--timeout=60s']);
  });
  afterAll(async () => {
    await kube(['delete', 'namespace', 'outside', '--wait=false']);
    await kube(['delete', 'pod', 'undeclared', '-n', namespace, '--wait=false']);
  });

  it('a pod of the namespace that declares none reaches nothing', async () => {
    expect(await reach(namespace, 'undeclared', inFull)).toEqual(all('refused'));
  });

  it('a pod of another namespace, free to send anywhere, is refused by each target', async () => {
    expect(await reach('outside', 'outsider', inFull)).toEqual(all('refused'));
  });

  it('the outsider is refused by policy: cluster DNS answers it', async () => {
    expect(await reach('outside', 'outsider', [['kube-dns.kube-system.svc.cluster.local', 53]])).toEqual({
      'kube-dns': 'open',
    });
  });

  it('declared ones pass, and only those', async () => {
    const short = targets.map(([host, port]) => [host, port] as const);
    expect(await reach(namespace, 'deploy/orchestrator', short)).toEqual({ ...all('open'), prometheus: 'refused' });
  });
});
