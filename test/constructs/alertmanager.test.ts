import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { at } from '../../constructs/bridge/manifest.ts';
import { Alertmanager, type Receiver, Size } from '../../constructs/index.ts';
import { bench, object, small } from '../support/manifests.ts';
import { podsOf, Reachability } from '../support/reachability.ts';

const team: Receiver = {
  name: 'team',
  severities: ['critical', 'warning'],
  by: { kind: 'slack', url: 'Token_1', channel: '#ops' },
  at: { cidr: '3.0.0.0/8' },
};

function alertmanager(receivers: readonly Receiver[]) {
  const on = bench();
  new Alertmanager(on.namespace, 'alertmanager', {
    images: on.images,
    resources: small,
    storage: { size: Size.gibibytes(1) },
    receivers,
    connections: on.connections,
  });
  const manifests = on.synth();
  const text = String(at(object(manifests, 'Secret', 'alertmanager-config'), 'stringData', 'alertmanager.yml'));
  const annotations = at(
    object(manifests, 'StatefulSet', 'alertmanager'),
    'spec',
    'template',
    'metadata',
    'annotations',
  );
  return { manifests, text, configuration: parse(text), annotations };
}

describe('Alertmanager', () => {
  it('works without anybody to tell', () => {
    const { configuration } = alertmanager([]);
    expect(configuration.receivers).toEqual([{ name: 'none' }]);
    expect(configuration.route).toMatchObject({ receiver: 'none', routes: [] });
  });

  it('tells a receiver what concerns it, and reaches only its addresses', () => {
    const { configuration, manifests } = alertmanager([team]);
    expect(configuration.route.routes).toEqual([
      { receiver: 'team', matchers: ['severity=~"critical|warning"'], continue: true },
    ]);
    const [pod] = podsOf(manifests);
    if (!pod) throw new Error('the pod is missing');
    const reach = new Reachability(manifests);
    expect(reach.allowsAddress(pod, '3.1.2.3', 443, 'TCP')).toBe(true);
    expect(reach.allowsAddress(pod, '4.1.2.3', 443, 'TCP')).toBe(false);
  });

  it.each<[Receiver['by'], string]>([
    [{ kind: 'webhook', url: 'Token_1' }, 'url: "Token_1"'],
    [{ kind: 'slack', url: 'Token_1', channel: '#ops' }, 'api_url: "Token_1"'],
    [{ kind: 'pagerduty', key: 'Token_1' }, 'routing_key: "Token_1"'],
  ])('quotes the secret, so that any value may take its place: %j', (by, line) => {
    const { text, manifests } = alertmanager([{ ...team, by }]);
    expect(text).toContain(line);
    expect(manifests.filter((manifest) => JSON.stringify(manifest).includes('Token_1'))).toHaveLength(1);
  });

  it('starts anew when its configuration changes, but tells nothing of secrets by it', () => {
    const slack = (url: string) => ({ ...team, by: { kind: 'slack', url, channel: '#ops' } as const });
    expect(alertmanager([slack('a')]).annotations).toEqual(alertmanager([slack('b')]).annotations);
    expect(alertmanager([team]).annotations).not.toEqual(alertmanager([]).annotations);
  });
});
