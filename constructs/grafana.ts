import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { stringify } from 'yaml';
import { type ComponentProps, common } from './component.ts';
import type { Connections } from './connections.ts';
import { Credentials } from './credentials.ts';
import { probes } from './probes.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Storage } from './workload-props.ts';

/** Properties of {@link Grafana}. */
export interface GrafanaProps extends ComponentProps {
  /** Password of the user `admin`: letters and digits, or the token of an Output that will hold such. */
  readonly adminPassword: string;
  /** Keeps users and what they made. */
  readonly storage: Storage;
  /** Where the figures come from. */
  readonly prometheus: Connectable<'http'>;
  readonly connections: Connections;
  /** Name to the JSON of a dashboard. They cannot be changed in Grafana: they are part of the program. @default - none */
  readonly dashboards?: Readonly<Record<string, string>>;
  /** Address under which people open it, where a gateway leads to it. @default - none */
  readonly url?: string;
}

/** Grafana, with Prometheus as its source of figures. It fetches nothing from outside: neither plugins nor news. */
export class Grafana extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;

  constructor(scope: Construct, id: string, props: GrafanaProps) {
    super(scope, id);
    const name = props.name ?? 'grafana';
    const prometheus = props.prometheus.workload;
    const credentials = new Credentials(this, 'credentials', {
      name,
      values: { 'admin-password': props.adminPassword },
    });
    const address = `http://${prometheus.name}.${prometheus.namespace.name}.svc:${prometheus.ports.http.number}`;
    const dashboards = Object.entries(props.dashboards ?? {});
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name,
      component: 'monitoring',
      kind: 'StatefulSet',
      image: props.images.get('grafana'),
      ports: { http: { number: 3000, metrics: '/metrics' } },
      env: {
        GF_SECURITY_ADMIN_PASSWORD__FILE: '/etc/grafana-secrets/admin-password',
        GF_PATHS_PROVISIONING: '/etc/grafana/provisioning',
        GF_PATHS_PLUGINS: '/var/lib/grafana/plugins',
        GF_LOG_MODE: 'console',
        GF_ANALYTICS_REPORTING_ENABLED: 'false',
        GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
        GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
        GF_PLUGINS_PREINSTALL_DISABLED: 'true',
        GF_NEWS_NEWS_FEED_ENABLED: 'false',
        GF_USERS_ALLOW_SIGN_UP: 'false',
        GF_SECURITY_COOKIE_SAMESITE: 'strict',
        ...(props.url && { GF_SERVER_ROOT_URL: props.url, GF_SECURITY_COOKIE_SECURE: 'true' }),
      },
      config: [
        {
          name: 'datasources',
          path: '/etc/grafana/provisioning/datasources',
          files: { 'prometheus.yaml': datasource(address) },
        },
        {
          name: 'providers',
          path: '/etc/grafana/provisioning/dashboards',
          files: { 'platform.yaml': provider },
        },
        ...(dashboards.length > 0
          ? [
              {
                name: 'dashboards',
                path: '/etc/grafana/dashboards',
                files: Object.fromEntries(dashboards.map(([key, json]) => [`${key}.json`, json])),
              },
            ]
          : []),
      ],
      secrets: [{ path: '/etc/grafana-secrets', credentials }],
      scratch: [{ name: 'logs', path: '/var/log/grafana', size: Size.mebibytes(16) }],
      claims: [{ name: 'data', path: '/var/lib/grafana', ...props.storage }],
      probes: probes({ ready: { http: '/api/health', port: 3000 }, live: { tcp: 3000 } }),
    });
    props.connections.connect(this, props.prometheus, 'http', { env: false });
  }
}

function datasource(url: string): string {
  return stringify({
    apiVersion: 1,
    datasources: [
      {
        name: 'Prometheus',
        uid: 'prometheus',
        type: 'prometheus',
        access: 'proxy',
        url,
        isDefault: true,
        editable: false,
      },
    ],
  });
}

const provider = stringify({
  apiVersion: 1,
  providers: [
    {
      name: 'platform',
      type: 'file',
      disableDeletion: true,
      allowUiUpdates: false,
      options: { path: '/etc/grafana/dashboards' },
    },
  ],
});
