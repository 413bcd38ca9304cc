/**
 * Measures how long it takes to turn a platform's data into manifests, beside the limits that it has to keep.
 *
 *   npm run bench -- synth [--json]
 */
import { parseArgs } from 'node:util';
import { App, Chart } from 'cdk8s';
import { allMiniLmL6V2, Connections, Cpu, Images, ModelServer, Namespace, Size } from '../../constructs/index.ts';
import { render, toYaml } from '../../local/synth/render.ts';
import { table } from '../../local/table.ts';
import { environments } from '../../stacks/environments.ts';
import { platforms } from '../../stacks/platforms/index.ts';

const { values: options } = parseArgs({ options: { json: { type: 'boolean' }, restart: { type: 'boolean' } } });

interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly limit?: number;
}

const registry = 'registry.example/keelson';
const stacks = Object.values(platforms).flatMap((platform) =>
  Object.values(environments).map((environment) => ({ platform, environment })),
);

function milliseconds(work: () => void): number {
  const since = performance.now();
  work();
  return performance.now() - since;
}

/** The least of several runs: the rest is what else the machine does meanwhile. */
const least = (runs: number, work: () => void): number =>
  Math.min(...Array.from({ length: runs }, () => milliseconds(work)));

function write(stack: (typeof stacks)[number]): void {
  for (const { manifest } of render({ ...stack, registry })) toYaml(manifest);
}

/** A platform of so many model servers, each with a client that connects to it. */
function modelServers(count: number): void {
  const chart = new Chart(new App(), 'bench', { disableResourceNameHashes: true });
  const images = new Images({ registry });
  const connections = new Connections(chart, 'connections');
  const namespace = new Namespace(chart, 'namespace', { name: 'bench' });
  const resources = {
    cpu: { request: Cpu.millis(100) },
    memory: { request: Size.mebibytes(512), limit: Size.gibibytes(1) },
  };
  const servers = Array.from(
    { length: count },
    (_, index) =>
      new ModelServer(namespace, `server-${index}`, {
        name: `server-${index}`,
        images,
        resources,
        runtime: { kind: 'inference' },
        models: [{ model: allMiniLmL6V2, source: { kind: 'image', image: images.get('model-all-minilm-l6-v2') } }],
        cache: { kind: 'scratch', size: Size.mebibytes(256) },
        connections,
      }),
  );
  for (const [index, server] of servers.entries()) {
    const next = servers[index + 1];
    if (next !== undefined) connections.connect(server, next, 'http');
  }
  chart.toJson();
}

// The first one pays for loading: that is what a person waits for.
const first = stacks.find(
  ({ platform, environment }) => platform.name === 'multi-agent-rag' && environment.name === 'prod',
);
const cold = milliseconds(() => first && write(first));
const each = stacks.map((stack) => ({
  stack: `${stack.platform.name}.${stack.environment.name}`,
  time: least(5, () => write(stack)),
}));
const slowest = each.reduce((a, b) => (a.time > b.time ? a : b));
const all = least(3, () => stacks.forEach(write));
modelServers(10);
const [ten = Number.NaN, hundred = Number.NaN] = [10, 100].map((count) => least(5, () => modelServers(count)));

const figures: readonly Figure[] = [
  { what: 'multi-agent-rag.prod, first in the process', value: cold, unit: 'ms', limit: 300 },
  { what: `${slowest.stack}, the slowest`, value: slowest.time, unit: 'ms', limit: 300 },
  { what: `all ${stacks.length}`, value: all, unit: 'ms', limit: 3000 },
  { what: '10 model servers', value: ten, unit: 'ms' },
  { what: '100 model servers', value: hundred, unit: 'ms' },
  { what: '100 beside 10', value: hundred / ten, unit: 'times', limit: 12 },
];

if (options.json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
else {
  const rows = figures.map(({ what, value, unit, limit }) => [
    what,
    `${value.toFixed(1)} ${unit}`,
    limit === undefined ? '' : `${limit} ${unit}`,
  ]);
  process.stdout.write(`${table(['what', 'measured', 'limit'], rows)}\n`);
}
process.exitCode = figures.some(({ value, limit }) => limit !== undefined && value > limit) ? 1 : 0;
