import { Duration } from '../../constructs/index.ts';
import { alerts, api, measurements, metrics, minimal, postgres, redis } from './footprints.ts';
import { outside } from './language-models.ts';
import { observers } from './observers.ts';
import type { Platform, ProviderSpec } from './platform.ts';
import { threeVersionWatches } from './watches.ts';

const keys = {
  primary: { secret: 'primaryAiApiKey', name: 'primary_ai_api_key' },
  secondary: { secret: 'secondaryAiApiKey', name: 'secondary_ai_api_key' },
};

/** Models by the names of the guide. Their makers took both back in 2026, so the makers' next ones answer. */
const primaryModel = 'gpt-4';
const secondaryModel = 'claude-3-opus-20240229';

/** The primary provider's model, and the secondary's where it is down. */
const anyModel = 'default';

function standIn(name: 'primary' | 'secondary', tier: 0, model: string): ProviderSpec {
  return {
    name,
    tier,
    where: { lacks: 'internet' },
    models: [model, { name: anyModel, upstream: model }],
    at: { component: 'llm-stand-in', port: 'http' },
    key: keys[name],
  };
}

/** The two models that experiments compare, from their makers where there is a way out, else from the stand-in. */
const providers: readonly ProviderSpec[] = [
  standIn('primary', 0, primaryModel),
  standIn('secondary', 0, secondaryModel),
  outside('openai', { name: 'primary', tier: 1, names: [primaryModel, anyModel], key: keys.primary }),
  outside('anthropic', { name: 'secondary', tier: 2, names: [secondaryModel, anyModel], key: keys.secondary }),
];

/** A stable version in production, one to experiment with, and one that keeps what failed: apart from each other. */
export const threeVersion: Platform = {
  name: 'three-version',
  description: 'a stable API, experiments beside it, and a quarantine for what failed, isolated from each other',
  namespaces: [
    {
      name: 'platform-v2-stable',
      isolationPolicy: 'v2-isolation',
      gateway: { name: 'platform', routes: [{ to: 'platform-v2-api', port: 'http' }] },
      aliases: { postgres: 'postgres' },
      components: [
        {
          kind: 'orchestrator',
          name: 'platform-v2-api',
          features: ['gateway', 'production'],
          tokens: { cli: 'apiToken' },
          providers,
          secretNames: { keys: 'platform-secrets' },
          names: { container: 'api' },
          ports: { v2: 8001 },
          role: 'platform_v2',
          scaling: { name: 'platform-v2-hpa', min: 2, max: 10, cpuPercent: 70 },
          footprint: api,
        },
        {
          kind: 'redis',
          name: 'redis',
          eviction: 'volatile-lru',
          persistence: 'aof',
          password: 'redisPassword',
          footprint: redis,
        },
      ],
    },
    {
      name: 'platform-v1-exp',
      isolationPolicy: 'v1-isolation',
      aliases: { postgres: 'postgres' },
      components: [
        {
          kind: 'orchestrator',
          name: 'platform-v1-api',
          features: ['gateway', 'experiments'],
          tokens: { cli: 'apiToken' },
          providers,
          secretNames: { keys: 'platform-secrets' },
          names: { container: 'api' },
          ports: { v1: 8002 },
          role: 'platform_v1',
          policy: {
            identities: { cli: { roles: ['admin', 'writer'] } },
            // The guide's commands show no token: who gets here came through the API server, and nothing else leads in.
            anonymous: { roles: ['writer'] },
          },
          // An experiment that is interrupted is run again.
          spot: true,
          footprint: api,
        },
      ],
    },
    {
      name: 'platform-v3-quarantine',
      isolationPolicy: 'v3-isolation',
      aliases: { postgres: 'postgres' },
      components: [
        {
          kind: 'orchestrator',
          name: 'platform-v3-api',
          features: ['quarantine'],
          tokens: { cli: 'apiToken' },
          names: { container: 'api' },
          ports: { v3: 8003 },
          role: 'platform_v3',
          policy: { identities: { cli: { roles: ['admin'] } }, anonymous: { roles: [] } },
          replicas: 1,
          footprint: minimal,
        },
      ],
    },
    {
      // What all three need, in none of them: so that none of them has to let the others in.
      name: 'platform-data',
      backup: {
        sources: ['postgres'],
        schedule: { every: Duration.minutes(30) },
        drill: { daily: '03:30' },
        retention: { days: 14 },
        recoveryPointMinutes: 60,
        recoveryTimeMinutes: 60,
        workspace: { small: 5, medium: 50, large: 200 },
      },
      components: [
        {
          kind: 'postgres',
          name: 'postgres',
          database: 'platform',
          maxConnections: { small: 125, medium: 150, large: 160 },
          // Procedures look into the database "production" as this role, which may do nothing but look.
          workRoles: ['platform_v1', 'platform_v2', 'platform_v3'],
          databases: ['production'],
          roles: [{ name: 'platform_user', password: 'platformUserPassword' }],
          schemas: [{ name: 'production', database: 'production', roles: { platform: 'own', platform_user: 'read' } }],
          adminPassword: 'postgresAdminPassword',
          password: 'postgresPassword',
          footprint: postgres,
        },
        {
          kind: 'llm-stand-in',
          name: 'llm-stand-in',
          where: { lacks: 'internet' },
          models: [primaryModel, secondaryModel],
          footprint: minimal,
        },
        {
          kind: 'prometheus',
          name: 'prometheus',
          watches: threeVersionWatches,
          promises: [
            { component: 'platform-v2-api', errorRatio: 0.05, p95Seconds: 2, dependencies: ['postgres', 'redis'] },
            { component: 'platform-v1-api', errorRatio: 0.2, p95Seconds: 10, dependencies: ['postgres'] },
            { component: 'platform-v3-api', errorRatio: 0.2, p95Seconds: 5, dependencies: ['postgres'] },
          ],
          footprint: metrics,
        },
        { kind: 'alertmanager', name: 'alertmanager', footprint: alerts },
        { kind: 'backup-metrics', name: 'backup-metrics', where: { has: 'publicImages' }, footprint: measurements },
        ...observers('redis', 'postgres'),
      ],
    },
  ],
  connections: [
    { from: 'platform-v2-api', to: 'postgres', port: 'postgres' },
    { from: 'platform-v2-api', to: 'redis', port: 'redis' },
    { from: 'platform-v1-api', to: 'postgres', port: 'postgres' },
    { from: 'platform-v3-api', to: 'postgres', port: 'postgres' },
  ],
  replaceable: ['Language models of providers', 'TimescaleDB hypertables', 'Grafana'],
  entries: [
    { component: 'platform-v2-api', port: 8001, what: 'stable API; /docs describes it' },
    { component: 'platform-v1-api', port: 8002, what: 'experiments; /docs describes them' },
    { component: 'platform-v3-api', port: 8003, what: 'quarantine; /docs describes it' },
    { component: 'prometheus', port: 9090, what: 'metrics and alerts' },
    { component: 'alertmanager', port: 9093, what: 'alerts that fire, and silences' },
    { component: 'grafana', port: 3000, what: 'dashboards' },
  ],
  checks: [
    { what: 'the stable API is ready', component: 'platform-v2-api', path: '/health/ready' },
    { what: 'it tells its service levels', component: 'platform-v2-api', path: '/api/v1/health/slo' },
    { what: 'it tells its status', component: 'platform-v2-api', path: '/api/v1/health/status' },
    {
      what: 'a model answers through it',
      component: 'platform-v2-api',
      method: 'POST',
      path: '/v1/chat/completions',
      body: { model: 'gpt-4', messages: [{ role: 'user', content: 'Are you there?' }] },
      has: 'chat.completion',
    },
    { what: 'experiments can be listed', component: 'platform-v1-api', path: '/api/v1/experiments' },
    { what: 'the quarantine has records', component: 'platform-v3-api', path: '/api/v1/quarantine/records' },
    { what: 'it counts them', component: 'platform-v3-api', path: '/api/v1/quarantine/statistics' },
  ],
  secrets: [
    'redisPassword',
    'postgresAdminPassword',
    'postgresPassword',
    'apiToken',
    'grafanaPassword',
    'platformUserPassword',
    'primaryAiApiKey',
    'secondaryAiApiKey',
  ],
};
