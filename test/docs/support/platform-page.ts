import { Images } from '../../../constructs/index.ts';
import { type Composition, compose } from '../../../stacks/compose.ts';
import { type Environment, environments } from '../../../stacks/environments.ts';
import type { Footprint, Platform } from '../../../stacks/platforms/platform.ts';
import { replacementsOf } from '../../../stacks/replacements.ts';
import { componentsIn } from '../../../stacks/where.ts';

/** Column titles and rows. */
type Table = readonly (readonly string[])[];

function markdown([titles = [], ...rows]: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(titles), `|${titles.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

function composition(platform: Platform, environment: Environment): Composition {
  const images = new Images({ registry: 'registry.example' });
  // Any text of the right length: no table shows it.
  return compose({ platform, environment, images, secret: () => 'x'.repeat(32) });
}

const code = (text: string): string => `\`${text}\``;
const everywhere = Object.values(environments);
const namesOf = (platform: Platform): readonly string[] => [...new Set(inOrder(platform).map(({ name }) => name))];
const inOrder = ({ namespaces }: Platform) => namespaces.flatMap(({ components }) => components);

function components(platform: Platform): Table {
  const made = everywhere.map((environment) => ({
    environment: environment.name,
    components: composition(platform, environment).components,
  }));
  const rows = namesOf(platform).flatMap((name) => {
    const places = made.filter((each) => each.components.has(name));
    const workload = places[0]?.components.get(name)?.workload;
    if (workload === undefined) return [];
    const ports = Object.entries(workload.ports).map(([port, { number }]) => `${port} ${number}`);
    const where =
      places.length === everywhere.length ? 'everywhere' : places.map((each) => each.environment).join(', ');
    return [[code(name), code(workload.namespace.name), workload.controller.kind, ports.join(', '), where]];
  });
  return [['component', 'namespace', 'runs as', 'ports', 'where'], ...rows];
}

function connections(platform: Platform): Table {
  const declared = new Set<string>();
  const rows = everywhere.flatMap((environment) =>
    composition(platform, environment).connections.edges.flatMap(({ source, target, port, number, order }) => {
      const row = [code(source.name), code(target.name), `${port} ${number}`, order ? 'yes' : 'no'];
      const key = row.join();
      if (declared.has(key)) return [];
      declared.add(key);
      return [row];
    }),
  );
  const compare = (a: readonly string[], b: readonly string[]): number => (a.join() < b.join() ? -1 : 1);
  return [['from', 'to', 'port', 'waits for it'], ...rows.sort(compare)];
}

function size({ cpu, memory, memoryLimit, storage }: Footprint): string {
  return `${cpu}m, ${memory}–${memoryLimit} MiB${storage === undefined ? '' : `, ${storage} GiB`}`;
}

function sizes(platform: Platform): Table {
  const scales = ['small', 'medium', 'large'] as const;
  const rows = inOrder(platform).map(({ name, footprint }) => [
    code(name),
    ...scales.map((scale) => size(footprint[scale])),
  ]);
  return [['component', ...scales], ...rows];
}

function requests(
  platform: Platform,
  environment: Environment,
): Readonly<Record<'cpu' | 'memory' | 'storage', number>> {
  const made = composition(platform, environment).components;
  const parts = componentsIn(platform, environment).map(({ component: { name, footprint } }) => {
    const { cpu, memory, storage = 0 } = footprint[environment.scale];
    const replicas = made.get(name)?.workload.replicas ?? 0;
    return { cpu: cpu * replicas, memory: memory * replicas, storage: replicas > 0 ? storage : 0 };
  });
  const sum = (field: 'cpu' | 'memory' | 'storage'): number => parts.reduce((total, part) => total + part[field], 0);
  return { cpu: sum('cpu'), memory: sum('memory'), storage: sum('storage') };
}

function environmentsOf(platform: Platform): Table {
  const rows = everywhere.map((environment) => {
    const { cpu, memory, storage } = requests(platform, environment);
    return [
      code(environment.name),
      environment.scale,
      String(environment.replicas),
      `${(cpu / 1000).toFixed(1)} cores, ${(memory / 1024).toFixed(1)} GiB`,
      `${storage} GiB`,
      `${environment.metricsRetentionDays} days`,
      environment.protectStateful ? 'yes' : 'no',
    ];
  });
  const titles = ['', 'scale', 'replicas', 'requests', 'volumes', 'metrics kept', 'data protected'];
  return [titles, ...rows];
}

function replacements(platform: Platform): Table {
  const rows = everywhere.flatMap((environment) =>
    replacementsOf(platform, environment).map(({ component, by, reason }) => [
      code(environment.name),
      component,
      by ?? 'nothing',
      reason,
    ]),
  );
  return [['environment', 'component', 'in its place', 'why'], ...rows];
}

/** The parts of a platform's page that follow from its data, by the name in the page's markers. */
export function generatedParts(platform: Platform): ReadonlyMap<string, string> {
  const tables: Readonly<Record<string, Table>> = {
    components: components(platform),
    connections: connections(platform),
    sizes: sizes(platform),
    environments: environmentsOf(platform),
    replacements: replacements(platform),
  };
  return new Map(Object.entries(tables).map(([name, table]) => [name, markdown(table)]));
}

const part = /<!-- generated: (\w+) -->\n(?:[\s\S]*?\n)??<!-- end -->/g;

/** The page with its generated parts as they should be. */
export function withGeneratedParts(page: string, platform: Platform): string {
  const parts = generatedParts(platform);
  return page.replace(part, (_, name: string) => `<!-- generated: ${name} -->\n${parts.get(name) ?? ''}\n<!-- end -->`);
}

/** Names of the parts that the page has. */
export function partsOf(page: string): readonly string[] {
  return [...page.matchAll(part)].map(([, name = '']) => name);
}
