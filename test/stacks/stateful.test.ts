import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Manifest } from '../../constructs/bridge/manifest.ts';
import { render } from '../../local/synth/render.ts';
import { environments } from '../../stacks/environments.ts';
import { platforms } from '../../stacks/platforms/index.ts';
import { type Identities, identitiesOf, statefulProblems } from '../../stacks/stateful.ts';

const file = path.resolve(import.meta.dirname, '../../stacks/stateful.prod.json');
const read = (): Record<string, Identities> =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Identities>) : {}; // written below

describe.each(Object.values(platforms))('what $name keeps in production', (platform) => {
  const rendered = render({ platform, environment: environments.prod, registry: 'registry.example/keelson' });
  const present = identitiesOf(rendered.map(({ manifest }) => manifest));

  it('is neither renamed, nor replaced, nor selected by other labels', () => {
    expect(statefulProblems(read()[platform.name] ?? {}, present)).toEqual([]);
  });

  it('is recorded: UPDATE_BASELINE=1 adds what is new, and nothing else', () => {
    if (process.env.UPDATE_BASELINE === '1') {
      const all = read();
      const own = { ...present, ...all[platform.name] };
      const sorted = Object.entries({ ...all, [platform.name]: own }).sort(([a], [b]) => (a < b ? -1 : 1));
      writeFileSync(file, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
    }
    const recorded = read()[platform.name] ?? {};
    expect(Object.keys(present).filter((id) => !(id in recorded))).toEqual([]);
  });
});

describe('statefulProblems', () => {
  const claim = (size: string, storageClassName = 'gp3') => ({
    metadata: { name: 'data' },
    spec: { storageClassName, resources: { requests: { storage: size } } },
  });
  const postgres: Manifest = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'postgres', namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'postgres' } },
      serviceName: 'postgres-headless',
      volumeClaimTemplates: [claim('20Gi')],
    },
  };
  const change = (spec: object): Manifest => ({ ...postgres, spec: { ...(postgres.spec as object), ...spec } });
  const told = (after: readonly Manifest[]) =>
    statefulProblems(identitiesOf([postgres]), identitiesOf(after)).map(({ path: where, cure }) => `${where}: ${cure}`);

  it('takes a volume that grows, and everything that does not identify the object', () => {
    expect(told([change({ volumeClaimTemplates: [claim('40Gi')], replicas: 3 })])).toEqual([]);
  });

  it('refuses another name, which is a deletion', () => {
    const renamed = { ...postgres, metadata: { name: 'database', namespace: 'shop' } };
    expect(told([renamed])).toEqual([expect.stringMatching(/^StatefulSet\/shop\/postgres: it would be deleted/)]);
  });

  it('refuses another selector, service, claim, class, and a smaller volume', () => {
    expect(told([change({ selector: { matchLabels: { app: 'pg' } } })])).toEqual([
      expect.stringMatching(/^StatefulSet\/shop\/postgres\.selector: it was \{"matchLabels":\{"app":"postgres"\}\}/),
    ]);
    expect(told([change({ serviceName: 'other' })])).toHaveLength(1);
    expect(told([change({ volumeClaimTemplates: [claim('20Gi', 'io2')] })])).toEqual([
      expect.stringContaining('StatefulSet/shop/postgres.storageClasses'),
    ]);
    expect(told([change({ volumeClaimTemplates: [claim('10Gi')] })])).toEqual([
      expect.stringContaining('StatefulSet/shop/postgres.data: a volume cannot shrink: leave it at 20480Mi or more'),
    ]);
  });

  it('watches the selector of what keeps nothing, too, and the resources of operators', () => {
    const api: Manifest = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'api', namespace: 'shop' },
      spec: { selector: { matchLabels: { app: 'api' } } },
    };
    const cluster: Manifest = {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      metadata: { name: 'postgres', namespace: 'shop' },
    };
    const recorded = identitiesOf([api, cluster]);
    const moved = { ...api, spec: { selector: { matchLabels: { app: 'web' } } } };
    expect(statefulProblems(recorded, identitiesOf([moved])).map(({ path: where }) => where)).toEqual([
      'Cluster/shop/postgres',
      'Deployment/shop/api.selector',
    ]);
  });
});
