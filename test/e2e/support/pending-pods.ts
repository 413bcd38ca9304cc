import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { kube } from './platform.ts';

const name = 'pending-pods';
const file = path.join(import.meta.dirname, 'pending-pods-server.ts');

/** A certificate for the service's name, which the API server is told to trust. */
async function certificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), `${name}-`));
  const [cert, key] = [path.join(folder, 'tls.crt'), path.join(folder, 'tls.key')];
  const host = `${name}.${name}.svc`;
  const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`, '-days', '1'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  try {
    await execa('openssl', ['req', ...kind, '-keyout', key, '-out', cert, ...subject]);
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function objects(image: string, { cert, key }: { readonly cert: string; readonly key: string }): readonly object[] {
  const metadata = { name, namespace: name };
  const labels = { app: name };
  const mounts = [
    { name: 'program', mountPath: '/program', readOnly: true },
    { name: 'tls', mountPath: '/tls', readOnly: true },
  ];
  const container = {
    name,
    image,
    command: ['node', `/program/${path.basename(file)}`],
    ports: [{ containerPort: 8443 }],
    readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
    volumeMounts: mounts,
  };
  const volumes = [
    { name: 'program', configMap: { name } },
    { name: 'tls', secret: { secretName: name } },
  ];
  const group = 'external.metrics.k8s.io';
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { [path.basename(file)]: readFileSync(file, 'utf8') },
    },
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'tls.crt': cert, 'tls.key': key } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { serviceAccountName: name, containers: [container], volumes } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ port: 443, targetPort: 8443 }] },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `v1beta1.${group}` },
      spec: {
        group,
        version: 'v1beta1',
        service: { ...metadata, port: 443 },
        caBundle: Buffer.from(cert).toString('base64'),
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ];
}

/**
 * Serves `pods_pending` as an external metric of the cluster: pods that wait for a node with a GPU, by the label `product`.
 *
 * @param image - one with Node.js, which the cluster has
 */
export async function servePendingPods(image: string): Promise<void> {
  const all = objects(image, await certificate());
  await kube(['apply', '-f', '-'], all.map((object) => stringify(object)).join('---\n'));
  await kube(['rollout', 'status', `deployment/${name}`, '-n', name, '--timeout=120s']);
  await kube(['wait', 'apiservice/v1beta1.external.metrics.k8s.io', '--for=condition=Available', '--timeout=60s']);
}

export async function removePendingPods(): Promise<void> {
  await kube(['delete', 'apiservice/v1beta1.external.metrics.k8s.io', '--ignore-not-found']);
  await kube(['delete', 'clusterrole,clusterrolebinding', name, '--ignore-not-found']);
  await kube(['delete', 'namespace', name, '--ignore-not-found', '--wait=true', '--timeout=120s']);
}
