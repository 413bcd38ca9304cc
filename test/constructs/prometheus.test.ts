import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import { Duration, Prometheus, Qdrant, Size } from '../../constructs/index.ts';
import { bench, containerOf, envOf, object, objects, podOf, small, synthError } from '../support/manifests.ts';
import { ragPlatform } from '../support/rag-platform.ts';
import { podsOf, Reachability } from '../support/reachability.ts';

function files() {
  const manifests = ragPlatform().synth();
  const data = (name: string) => parse(String(at(object(manifests, 'ConfigMap', 'prometheus-config'), 'data', name)));
  return { manifests, configuration: data('prometheus.yml'), rules: data('rules.yml') };
}

describe('Prometheus', () => {
  it('finds each pod of its targets by DNS, at the port and path that they declare', () => {
    const { configuration, manifests } = files();
    expect(configuration.scrape_configs).toContainEqual({
      job_name: 'orchestrator',
      metrics_path: '/metrics',
      dns_sd_configs: [
        { names: ['orchestrator-headless.multi-agent-rag.svc'], type: 'A', port: 8000, refresh_interval: '15s' },
      ],
    });
    const services = objects(manifests, 'Service').map(({ metadata }) => metadata.name);
    for (const job of configuration.scrape_configs.slice(1)) {
      expect(services).toContain(job.dns_sd_configs[0].names[0].split('.')[0]);
    }
  });

  it('scrapes itself, its targets and Alertmanager, once each', () => {
    const names = files().configuration.scrape_configs.map((each: { job_name: string }) => each.job_name);
    expect(names).toEqual(['prometheus', 'orchestrator', 'inference', 'alertmanager']);
  });

  it('reaches what it scrapes and where it sends alerts, and is reached by nobody', () => {
    const { manifests } = files();
    const reach = new Reachability(manifests);
    const pods = podsOf(manifests);
    const named = (name: string) => {
      const pod = pods.find((each) => each.name === name);
      if (!pod) throw new Error(`no pod ${name}`);
      return pod;
    };
    const prometheus = named('prometheus');
    const reached = pods.filter((pod) => [8000, 8080, 9093].some((port) => reach.allows(prometheus, pod, port, 'TCP')));
    expect(reached.map(({ name }) => name).sort()).toEqual(['alertmanager', 'inference', 'orchestrator']);
    for (const pod of pods) expect(reach.allows(pod, prometheus, 9090, 'TCP')).toBe(false);
    expect(objects(manifests, 'ClusterRole').concat(objects(manifests, 'Role'))).toEqual([]);
  });

  it('sends alerts to Alertmanager', () => {
    expect(files().configuration.alerting.alertmanagers[0].static_configs[0].targets).toEqual([
      'alertmanager.multi-agent-rag.svc:9093',
    ]);
  });

  it('alerts on what the platform promises, and on each job that has no target at all', () => {
    const alerts = files().rules.groups.flatMap((group: { rules: { alert: string }[] }) =>
      group.rules.map(({ alert }) => alert),
    );
    expect(alerts).toEqual([
      'TargetDown',
      'OrchestratorMissing',
      'InferenceMissing',
      'AlertmanagerMissing',
      'RuleEvaluationFails',
      'NotificationsFail',
      'ApiErrorRateHigh',
      'ApiLatencyHigh',
      'RedisUnreachable',
      'PostgresUnreachable',
      'MilvusUnreachable',
      'InferenceUnreachable',
    ]);
  });

  it('keeps samples as long as told, within its volume and memory', () => {
    const on = bench();
    new Prometheus(on.namespace, 'prometheus', {
      images: on.images,
      resources: small,
      storage: { size: Size.gibibytes(2) },
      retention: Duration.days(2),
      targets: [],
      connections: on.connections,
    });
    const manifests = on.synth();
    expect(containerOf(manifests, 'prometheus').args).toEqual(
      expect.arrayContaining(['--storage.tsdb.retention.time=48h', '--storage.tsdb.retention.size=1433MB']),
    );
    expect(envOf(manifests, 'prometheus')).toEqual({ GOMEMLIMIT: '217MiB' });
  });

  it('refuses a target without metrics', () => {
    const on = ragPlatform();
    new Prometheus(on.namespace, 'second', {
      images: on.images,
      resources: small,
      name: 'second',
      storage: { size: Size.gibibytes(2) },
      targets: [on.redis],
      connections: on.connections,
    });
    expect(synthError(on.synth)).toMatch(/targets is "redis": none of its ports has a metrics path/);
  });

  it('shows the token that a target wants to see, from its Secret', () => {
    const on = bench();
    const { images, connections } = on;
    const base = { images, resources: small, connections };
    const qdrant = new Qdrant(on.namespace, 'qdrant', {
      ...base,
      apiKey: 'Geheim1',
      readOnlyApiKey: 'Geheim2',
      storage: { size: Size.gibibytes(1) },
      snapshots: { kind: 'claim', size: Size.gibibytes(1) },
      collections: [],
    });
    new Prometheus(on.namespace, 'prometheus', { ...base, storage: { size: Size.gibibytes(1) }, targets: [qdrant] });
    const manifests = on.synth();
    const config = parse(String(at(object(manifests, 'ConfigMap', 'prometheus-config'), 'data', 'prometheus.yml')));
    expect(config.scrape_configs[1].authorization).toEqual({
      credentials_file: '/etc/prometheus-tokens/test-qdrant/read-only-key',
    });
    expect(objectsAt(containerOf(manifests, 'prometheus'), 'volumeMounts')).toContainEqual(
      expect.objectContaining({ mountPath: '/etc/prometheus-tokens/test-qdrant', readOnly: true }),
    );
    const secret = objectsAt(podOf(manifests, 'prometheus'), 'volumes').find(
      (volume) => volume.secret !== undefined,
    )?.secret;
    expect(secret).toMatchObject({ secretName: 'qdrant', items: [{ key: 'read-only-key', path: 'read-only-key' }] });
  });
});
