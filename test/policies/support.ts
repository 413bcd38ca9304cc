import type { Json, Manifest } from '../../constructs/bridge/manifest.ts';

/** A deployment that every rule is content with. Tests break one field of it each. */
export const goodDeployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'api', namespace: 'ns' },
  spec: {
    template: {
      metadata: { labels: { app: 'api' } },
      spec: {
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
        initContainers: [],
        containers: [
          {
            name: 'api',
            image: `registry.example/api:1.2.3@sha256:${'0'.repeat(64)}`,
            command: ['node', 'main.js'],
            env: [
              { name: 'LOG_LEVEL', value: 'info' },
              { name: 'PASSWORD_FILE', value: '/etc/password' },
              { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
              { name: 'URL', value: 'postgresql://db:5432/app' },
            ],
            ports: [{ containerPort: 8000 }],
            readinessProbe: { httpGet: { path: '/ready', port: 8000 } },
            resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
            securityContext: {
              allowPrivilegeEscalation: false,
              privileged: false,
              readOnlyRootFilesystem: true,
              runAsNonRoot: true,
              capabilities: { drop: ['ALL'] },
              seccompProfile: { type: 'RuntimeDefault' },
            },
          },
        ],
        volumes: [{ name: 'tmp', emptyDir: {} }],
      },
    },
  },
} as const satisfies Manifest;

/** Path to the pod specification within {@link goodDeployment}. */
export const pod = 'spec.template.spec';
/** Path to its container. */
export const container = `${pod}.containers.0`;

/** A copy with one field replaced, or removed where the value is undefined. */
export function broken(manifest: Manifest, path: string, value: Json | undefined): Manifest {
  const copy: Manifest = structuredClone(manifest);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let holder = copy as unknown as Record<string, unknown>; // the copy is ours to change
  for (const key of keys) {
    holder[key] ??= {};
    holder = holder[key] as Record<string, unknown>; // paths in tests lead through objects and lists only
  }
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return copy;
}
