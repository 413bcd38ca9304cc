import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { named, render, secretPlaceholder, toYaml } from '../../../local/synth/render.ts';
import { environments } from '../../../stacks/environments.ts';
import { platforms } from '../../../stacks/platforms/index.ts';

const registry = 'registry.example/team';
const platform = platforms['multi-agent-rag'];
const rendered = (environment: keyof typeof environments = 'prod') =>
  render({ platform, environment: environments[environment], registry });

describe('rendered manifests', () => {
  it('are one file for each object, sorted, and the same each time', () => {
    const files = rendered();
    const names = files.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual([...names].sort());
    expect(names).toContain('deployment-multi-agent-rag-orchestrator.yaml');
    expect(rendered().map(({ manifest }) => toYaml(manifest))).toEqual(files.map(({ manifest }) => toYaml(manifest)));
  });

  it('say the same as the objects, in an order of their own', () => {
    for (const { manifest } of rendered()) expect(parse(toYaml(manifest))).toEqual(manifest);
    const text = toYaml({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { b: '1', a: '2' } });
    expect(text).toBe('apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a: "2"\n  b: "1"\n');
  });

  it('hold no value of a secret and no annotation of a tool', () => {
    const text = rendered('local')
      .map(({ manifest }) => toYaml(manifest))
      .join('---\n');
    expect(text).toContain(secretPlaceholder('redisPassword'));
    expect(text).not.toContain('pulumi.com/');
  });

  it('name the registry of the team, and locally the images that the start builds', () => {
    const text = (environment: keyof typeof environments) =>
      rendered(environment)
        .map(({ manifest }) => toYaml(manifest))
        .join('---\n');
    expect(text('prod')).toContain('registry.example/team/orchestrator:');
    expect(text('local')).toContain('keelson.local/orchestrator:');
    expect(text('local')).not.toContain(registry);
  });

  it('carry the API group where two kinds would share a file', () => {
    const metadata = { name: 'main', namespace: 'ns' };
    const files = named([
      { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', metadata },
      { apiVersion: 'cluster.x-k8s.io/v1beta1', kind: 'Cluster', metadata },
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'system:reader' } },
    ]);
    expect(files.map(({ name }) => name)).toEqual([
      'cluster-cluster.x-k8s.io-ns-main.yaml',
      'cluster-postgresql.cnpg.io-ns-main.yaml',
      'clusterrole-system_reader.yaml',
    ]);
  });
});
