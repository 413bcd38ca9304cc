import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { at } from '../../constructs/bridge/manifest.ts';
import { Grafana, type GrafanaProps, Prometheus, Size } from '../../constructs/index.ts';
import { bench, envOf, object, podOf, small } from '../support/manifests.ts';
import { restrictedViolations } from '../support/pod-security.ts';

function grafana(props: Partial<GrafanaProps> = {}) {
  const on = bench();
  const { images, connections } = on;
  const base = { images, connections, resources: small, storage: { size: Size.gibibytes(1) } };
  const prometheus = new Prometheus(on.namespace, 'prometheus', { ...base, targets: [] });
  new Grafana(on.namespace, 'grafana', { ...base, adminPassword: 'from-outside', prometheus, ...props });
  return on.synth();
}

describe('Grafana', () => {
  it('has its password in a Secret, read from a file', () => {
    const manifests = grafana();
    expect(object(manifests, 'Secret', 'grafana').stringData).toEqual({ 'admin-password': 'from-outside' });
    expect(envOf(manifests, 'grafana').GF_SECURITY_ADMIN_PASSWORD__FILE).toBe('/etc/grafana-secrets/admin-password');
    expect(JSON.stringify(podOf(manifests, 'grafana'))).not.toContain('from-outside');
    expect(restrictedViolations(podOf(manifests, 'grafana'))).toEqual([]);
  });

  it('fetches nothing from outside, and lets nobody sign up', () => {
    expect(envOf(grafana(), 'grafana')).toMatchObject({
      GF_ANALYTICS_REPORTING_ENABLED: 'false',
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
      GF_PLUGINS_PREINSTALL_DISABLED: 'true',
      GF_NEWS_NEWS_FEED_ENABLED: 'false',
      GF_USERS_ALLOW_SIGN_UP: 'false',
    });
  });

  it('shows dashboards of the program, which nobody can change in it', () => {
    const manifests = grafana({ dashboards: { llmops: '{"title":"LLMOps"}' } });
    expect(at(object(manifests, 'ConfigMap', 'grafana-dashboards'), 'data', 'llmops.json')).toBe('{"title":"LLMOps"}');
    const provider = parse(String(at(object(manifests, 'ConfigMap', 'grafana-providers'), 'data', 'platform.yaml')));
    expect(provider.providers[0]).toMatchObject({
      allowUiUpdates: false,
      options: { path: '/etc/grafana/dashboards' },
    });
  });

  it('sends cookies over TLS only where it has a public address', () => {
    expect(envOf(grafana({ url: 'https://grafana.example.com' }), 'grafana')).toMatchObject({
      GF_SERVER_ROOT_URL: 'https://grafana.example.com',
      GF_SECURITY_COOKIE_SECURE: 'true',
    });
    expect(envOf(grafana(), 'grafana').GF_SECURITY_COOKIE_SECURE).toBeUndefined();
  });
});
