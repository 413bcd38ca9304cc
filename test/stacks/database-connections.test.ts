import { describe, expect, it } from '@jest/globals';
import { Images, Mlflow, Orchestrator, Postgres } from '../../constructs/index.ts';
import { compose } from '../../stacks/compose.ts';
import { environments } from '../../stacks/environments.ts';
import { platforms } from '../../stacks/platforms/index.ts';
import type { MlflowSpec, PostgresSpec } from '../../stacks/platforms/platform.ts';
import { componentsIn } from '../../stacks/where.ts';

/** Of each replica of the orchestrator (services/orchestrator/src/stores/postgres/pool.ts). */
const ofOrchestrator = 10;
/** Of each worker of MLflow: the pool of SQLAlchemy and what it may open beyond (docs.sqlalchemy.org, QueuePool, 2026-11). */
const ofWorker = 5 + 10;
/** For the exporter, backups and people; PostgreSQL itself keeps three for administrators. */
const spare = 5;

const everywhere = Object.values(platforms).flatMap((platform) =>
  Object.values(environments).map(
    (environment) => [`${platform.name}.${environment.name}`, platform, environment] as const,
  ),
);

describe('databases', () => {
  it.each(everywhere)('%s have room for every client at its largest', (_, platform, environment) => {
    const images = new Images({ registry: 'registry.example' });
    const { components, connections } = compose({ platform, environment, images, secret: () => 'x'.repeat(24) });
    const specs = new Map(componentsIn(platform, environment).map(({ component }) => [component.name, component]));
    for (const [name, server] of components) {
      if (!(server instanceof Postgres)) continue;
      const clients = new Set(
        connections.edges.filter(({ target }) => target === server.workload).map(({ source }) => source),
      );
      const wanted = [...components].reduce((sum, [client, component]) => {
        if (!clients.has(component.workload)) return sum;
        const pods = component.workload.scale.max;
        if (component.workload.hasEnv('PROVIDERS_FILE')) return sum + pods * ofOrchestrator;
        if (!(component instanceof Mlflow)) return sum;
        const { workers } = specs.get(client) as MlflowSpec; // made from it
        return sum + pods * workers[environment.scale] * ofWorker;
      }, spare);
      expect(wanted).toBeGreaterThan(spare);
      const { maxConnections } = specs.get(name) as PostgresSpec; // made from it
      const room = typeof maxConnections === 'number' ? maxConnections : maxConnections[environment.scale];
      expect(room).toBeGreaterThanOrEqual(wanted);
    }
  });

  it('are asked by orchestrators, whatever a rollout makes of them', () => {
    const images = new Images({ registry: 'registry.example' });
    const props = { platform: platforms.qratum, environment: environments.prod, images, secret: () => 'x'.repeat(24) };
    const orchestrator = compose(props).components.get('orchestrator');
    expect(orchestrator).toBeInstanceOf(Orchestrator);
    expect(orchestrator?.workload.hasEnv('PROVIDERS_FILE')).toBe(true);
  });
});
