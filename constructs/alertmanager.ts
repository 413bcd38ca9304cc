import type { Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { stringify } from 'yaml';
import type { Severity } from './alert-rules.ts';
import { type ComponentProps, common } from './component.ts';
import type { Connections, Outside } from './connections.ts';
import { Credentials } from './credentials.ts';
import { probes } from './probes.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Storage } from './workload-props.ts';

/** Somebody who is told. */
export interface Receiver {
  readonly name: string;
  /** Alerts of these severities. */
  readonly severities: readonly Severity[];
  /** How it is told. URLs and keys may be tokens of Outputs. */
  readonly by:
    | { readonly kind: 'webhook'; readonly url: string }
    | { readonly kind: 'slack'; readonly url: string; readonly channel: string }
    | { readonly kind: 'pagerduty'; readonly key: string };
  /** Addresses and port behind it, for the network policy. */
  readonly at: Outside;
  /** @default 443 */
  readonly port?: number;
}

/** Properties of {@link Alertmanager}. */
export interface AlertmanagerProps extends ComponentProps {
  /** Keeps silences and what was sent. */
  readonly storage: Storage;
  /** Alerts that no receiver takes show in Alertmanager only. */
  readonly receivers: readonly Receiver[];
  readonly connections: Connections;
  /** How long until a firing alert is told again. @default - 4 hours */
  readonly repeatInterval?: Duration;
}

/** One Alertmanager. Its configuration lies in a Secret, because receivers' addresses are secret. */
export class Alertmanager extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;

  constructor(scope: Construct, id: string, props: AlertmanagerProps) {
    super(scope, id);
    const name = props.name ?? 'alertmanager';
    const credentials = new Credentials(this, 'configuration', {
      name: `${name}-config`,
      values: { 'alertmanager.yml': toYaml(configurationOf(props)) },
    });
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name,
      component: 'monitoring',
      kind: 'StatefulSet',
      image: props.images.get('alertmanager'),
      command: ['alertmanager'],
      args: [
        '--config.file=/etc/alertmanager/alertmanager.yml',
        '--storage.path=/data',
        '--web.listen-address=:9093',
        // A single one has no peers to gossip with.
        '--cluster.listen-address=',
      ],
      ports: { http: { number: 9093, metrics: '/metrics' } },
      secrets: [{ path: '/etc/alertmanager', credentials }],
      // It reads its configuration once. Addresses are left out: a hash of a secret would tell something about it.
      rolloutOn: toYaml(configurationOf({ ...props, receivers: props.receivers.map(withoutSecret) })),
      claims: [{ name: 'data', path: '/data', ...props.storage }],
      probes: probes({ ready: { http: '/-/ready', port: 9093 }, live: { http: '/-/healthy', port: 9093 } }),
    });
    for (const receiver of props.receivers) {
      props.connections.toOutside(this, receiver.at, receiver.port ?? 443);
    }
  }
}

/** Quotes every text: the value of an Output takes its token's place as it is. */
function toYaml(value: object): string {
  return stringify(value, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' });
}

function withoutSecret(receiver: Receiver): Receiver {
  const { by } = receiver;
  return { ...receiver, by: by.kind === 'pagerduty' ? { ...by, key: '' } : { ...by, url: '' } };
}

function configurationOf(props: AlertmanagerProps): object {
  const repeat = props.repeatInterval ? `${props.repeatInterval.toSeconds()}s` : '4h';
  return {
    route: {
      receiver: 'none',
      group_by: ['alertname', 'job'],
      group_wait: '30s',
      group_interval: '5m',
      repeat_interval: repeat,
      routes: props.receivers.map(({ name, severities }) => ({
        receiver: name,
        matchers: [`severity=~"${severities.join('|')}"`],
        continue: true,
      })),
    },
    // Whoever already looks at a job because it fails needs no word about its being slow.
    inhibit_rules: [
      { source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: ['job'] },
    ],
    receivers: [{ name: 'none' }, ...props.receivers.map(renderReceiver)],
  };
}

function renderReceiver({ name, by }: Receiver): object {
  switch (by.kind) {
    case 'webhook':
      return { name, webhook_configs: [{ url: by.url, send_resolved: true }] };
    case 'slack':
      return { name, slack_configs: [{ api_url: by.url, channel: by.channel, send_resolved: true }] };
    case 'pagerduty':
      return { name, pagerduty_configs: [{ routing_key: by.key, send_resolved: true }] };
  }
}
