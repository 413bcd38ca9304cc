import { describe, expect, it } from '@jest/globals';
import { objectsAt } from '../../constructs/bridge/manifest.ts';
import { objects, podOf } from '../support/manifests.ts';
import { restrictedViolations } from '../support/pod-security.ts';
import { ragPlatform } from '../support/rag-platform.ts';
import { podsOf, Reachability } from '../support/reachability.ts';

describe('all components together', () => {
  const platform = ragPlatform();
  const manifests = platform.synth();
  const names = podsOf(manifests).map(({ name }) => name);

  it.each(names)('%s meets the restricted standard, sets requests, and is watched', (name) => {
    const pod = podOf(manifests, name);
    expect(restrictedViolations(pod)).toEqual([]);
    for (const container of objectsAt(pod, 'containers')) {
      expect(container).toMatchObject({
        resources: {
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { memory: expect.any(String) },
        },
        // Liveness is asked for where it is another question than readiness.
        readinessProbe: expect.any(Object),
        startupProbe: expect.any(Object),
      });
    }
  });

  it('lets exactly the declared connections pass', () => {
    const reach = new Reachability(manifests);
    const pods = podsOf(manifests);
    const ports = platform.connections.edges.map(({ number }) => number);
    const passing = pods.flatMap((source) =>
      pods.flatMap((target) =>
        [...new Set(ports)]
          .filter((port) => reach.allows(source, target, port, 'TCP'))
          .map((port) => `${source.name} -> ${target.name}:${port}`),
      ),
    );
    const declared = platform.connections.edges.map(
      ({ source, target, number }) => `${source.name} -> ${target.name}:${number}`,
    );
    expect(passing.sort()).toEqual([...new Set(declared)].sort());
  });

  it('starts databases and models before what uses them', () => {
    const order = manifests
      .filter(({ kind }) => /Deployment|StatefulSet/.test(kind))
      .map(({ metadata }) => metadata.name);
    for (const first of ['redis', 'postgres', 'milvus', 'inference', 'mcp-git']) {
      expect(order.indexOf(first)).toBeLessThan(order.indexOf('orchestrator'));
    }
  });

  it('gives every object a name and a namespace of its own choosing', () => {
    const keys = manifests.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { kind, metadata } of manifests) {
      expect(metadata.namespace).toBe(kind === 'Namespace' ? undefined : 'multi-agent-rag');
      expect(metadata.name).not.toMatch(/-c8[0-9a-f]{6}$/);
    }
  });

  it('comes out the same each time', () => {
    expect(ragPlatform().synth()).toEqual(manifests);
  });

  it('has one policy per workload besides the default deny and DNS', () => {
    const policies = objects(manifests, 'NetworkPolicy').map(({ metadata }) => metadata.name);
    expect([...policies].sort()).toEqual(['allow-dns', 'default-deny', ...names].sort());
  });
});
