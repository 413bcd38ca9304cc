import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { at, objectsAt, podSpecOf } from '../../constructs/bridge/manifest.ts';
import { containerOf, envOf, object, objects, podOf } from '../support/manifests.ts';
import { operatorObjects } from '../support/operator-objects.ts';
import { restrictedViolations } from '../support/pod-security.ts';
import { podsOf, Reachability } from '../support/reachability.ts';

// One of everything, wired by Monitoring, beside what it watches.
const manifests = [...operatorObjects()];
const pods = podsOf(manifests);
const reach = new Reachability(manifests);
const named = (name: string) => {
  const found = pods.find((pod) => pod.name === name);
  if (!found) throw new Error(`no pod ${name}`);
  return found;
};
const prometheusConfig = parse(
  String(at(object(manifests, 'ConfigMap', 'prometheus-config'), 'data', 'prometheus.yml')),
);

describe('Monitoring', () => {
  it('scrapes workloads and exporters, over the ways that the policies open', () => {
    const jobs = prometheusConfig.scrape_configs.map((job: { job_name: string }) => job.job_name);
    expect(jobs).toEqual([
      'prometheus',
      'monitored',
      'redis-exporter',
      'kube-state-metrics',
      'node-exporter',
      'dcgm-exporter',
      'alertmanager',
      'containers',
    ]);
    for (const [name, port] of [
      ['redis-exporter', 9121],
      ['kube-state-metrics', 8080],
      ['node-exporter', 9100],
      ['dcgm-exporter', 9400],
    ] as const) {
      expect([name, reach.allows(named('prometheus'), named(name), port, 'TCP')]).toEqual([name, true]);
      expect([name, reach.allows(named('monitored'), named(name), port, 'TCP')]).toEqual([name, false]);
    }
  });

  it('reads containers from the kubelets, those of the platform alone', () => {
    const job = prometheusConfig.scrape_configs.at(-1);
    expect(job).toMatchObject({
      scheme: 'https',
      metrics_path: '/metrics/cadvisor',
      kubernetes_sd_configs: [{ role: 'node' }],
    });
    expect(job.tls_config).toEqual({ ca_file: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt' });
    expect(job.metric_relabel_configs).toContainEqual({
      source_labels: ['namespace'],
      regex: 'operators',
      action: 'keep',
    });
    expect(reach.allowsAddress(named('prometheus'), '10.0.3.4', 10250, 'TCP')).toBe(true);
    expect(reach.allowsAddress(named('prometheus'), '10.0.3.4', 22, 'TCP')).toBe(false);
  });

  it('grants no more than is read: no secrets, no wildcard, one role for the cluster', () => {
    const [role, ...others] = objects(manifests, 'ClusterRole');
    expect(others).toEqual([]);
    expect(role?.rules).toEqual([
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
    ]);
    const rules = JSON.stringify(object(manifests, 'Role', 'kube-state-metrics', 'operators').rules);
    expect(rules).not.toContain('secrets');
    expect(rules).not.toContain('*');
  });

  it('gives a token to those two alone, for an hour, mounted by hand', () => {
    const withToken = manifests.filter((manifest) =>
      JSON.stringify(podSpecOf(manifest) ?? {}).includes('serviceAccountToken'),
    );
    expect(withToken.map(({ metadata }) => metadata.name).sort()).toEqual(['kube-state-metrics', 'prometheus']);
    for (const { metadata } of withToken) {
      const pod = podOf(manifests, String(metadata.name));
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(JSON.stringify(pod.volumes)).toContain('"expirationSeconds":3600');
    }
  });
});

describe('node agents', () => {
  it('live in a namespace of their own, and are all that breaks the restricted standard', () => {
    const breaking = pods.filter(({ name }) => restrictedViolations(podOf(manifests, name)).length > 0);
    expect(breaking.map(({ name, namespace }) => `${namespace}/${name}`)).toEqual([
      'operators-node-agents/node-exporter',
    ]);
    const levels = objects(manifests, 'Namespace').map(({ metadata }) => [
      metadata.name,
      at(metadata, 'labels', 'pod-security.kubernetes.io/enforce'),
    ]);
    expect(levels).toEqual([
      ['operators', 'restricted'],
      ['operators-node-agents', 'privileged'],
    ]);
  });

  it('share none of the node’s namespaces, mount folders read-only, and have no capabilities', () => {
    for (const name of ['node-exporter', 'dcgm-exporter']) {
      const pod = podOf(manifests, name);
      expect([pod.hostNetwork, pod.hostPID, pod.hostIPC].filter((shared) => shared === true)).toEqual([]);
      const container = containerOf(manifests, name);
      expect(at(container, 'securityContext')).toMatchObject({
        privileged: false,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      const hosted = objectsAt(pod, 'volumes').filter(({ hostPath }) => hostPath !== undefined);
      expect(hosted).toHaveLength(name === 'node-exporter' ? 3 : 0);
      for (const { name: volume } of hosted) {
        expect(objectsAt(container, 'volumeMounts').find((mount) => mount.name === volume)).toMatchObject({
          readOnly: true,
        });
      }
    }
  });

  it('run where GPUs are, and take none', () => {
    expect(podOf(manifests, 'dcgm-exporter')).toMatchObject({
      nodeSelector: { 'nvidia.com/gpu.present': 'true' },
      runtimeClassName: 'nvidia',
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
    });
    expect(JSON.stringify(containerOf(manifests, 'dcgm-exporter').resources)).not.toContain('nvidia');
  });
});

describe('Grafana', () => {
  it('reads Prometheus, and its password from a file', () => {
    const source = parse(String(at(object(manifests, 'ConfigMap', 'grafana-datasources'), 'data', 'prometheus.yaml')));
    expect(source.datasources[0]).toMatchObject({ url: 'http://prometheus.operators.svc:9090', isDefault: true });
    expect(reach.allows(named('grafana'), named('prometheus'), 9090, 'TCP')).toBe(true);
    expect(envOf(manifests, 'grafana')).toMatchObject({
      GF_SECURITY_ADMIN_PASSWORD__FILE: '/etc/grafana-secrets/admin-password',
      GF_PLUGINS_PREINSTALL_DISABLED: 'true',
    });
  });
});

describe('exporters', () => {
  it('reach what they export, with its password by reference', () => {
    expect(reach.allows(named('redis-exporter'), named('redis'), 6379, 'TCP')).toBe(true);
    expect(envOf(manifests, 'redis-exporter')).toMatchObject({
      REDIS_ADDR: 'redis://redis:6379',
      REDIS_PASSWORD: 'redis/password',
    });
  });

  it('are one of each: two would count everything twice', () => {
    for (const name of ['redis-exporter', 'kube-state-metrics']) {
      expect(at(object(manifests, 'StatefulSet', name), 'spec', 'replicas')).toBe(1);
    }
  });
});
