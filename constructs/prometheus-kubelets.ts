import type { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { ClusterAddresses } from './cluster-access.ts';
import { kubeObject, platformLabels } from './cluster-object.ts';
import type { Workload } from './workload.ts';

/** Name of the job that tells about containers. */
export const containersJob = 'containers';

const account = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What alerts and dashboards use of the some hundred series per container that a kubelet has. */
const kept = [
  'container_cpu_usage_seconds_total',
  'container_cpu_cfs_throttled_periods_total',
  'container_cpu_cfs_periods_total',
  'container_memory_usage_bytes',
  'container_memory_working_set_bytes',
  'container_spec_memory_limit_bytes',
  'container_spec_cpu_quota',
  'container_spec_cpu_period',
  'container_network_receive_bytes_total',
  'container_network_transmit_bytes_total',
  'container_oom_events_total',
];

/** Scrapes each kubelet for its containers, and keeps those of the platform. */
export function containerJob(addresses: ClusterAddresses, namespaces: readonly string[]): object {
  return {
    job_name: containersJob,
    scheme: 'https',
    metrics_path: '/metrics/cadvisor',
    authorization: { credentials_file: `${account}/token` },
    tls_config: {
      ca_file: `${account}/ca.crt`,
      ...(addresses.verifyKubelets === false && { insecure_skip_verify: true }),
    },
    kubernetes_sd_configs: [{ role: 'node' }],
    metric_relabel_configs: [
      { source_labels: ['__name__'], regex: kept.join('|'), action: 'keep' },
      { source_labels: ['namespace'], regex: namespaces.join('|'), action: 'keep' },
    ],
  };
}

/** The right to list nodes and read their metrics. */
export function mayReadNodes(scope: Construct, workload: Workload): ApiObject {
  const name = `${workload.namespace.name}-${workload.name}`;
  const labels = { app: workload.name, ...platformLabels(workload.namespace.platform) };
  const role = kubeObject(scope, 'role', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    name,
    labels,
    fields: {
      rules: [
        { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
      ],
    },
  });
  const binding = kubeObject(scope, 'role-binding', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    name,
    labels,
    fields: {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name: workload.name, namespace: workload.namespace.name }],
    },
  });
  binding.addDependency(role);
  return binding;
}
