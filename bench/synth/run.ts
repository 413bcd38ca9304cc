/**
 * Measures how long it takes to turn a platform's data into manifests, beside the limits that it has to keep.
 *
 *   npm run bench -- synth [--json]
 */
import { parseArgs } from 'node:util';
import { render, toYaml } from '../../local/synth/render.ts';
import { table } from '../../local/table.ts';
import { environments } from '../../stacks/environments.ts';
import { platforms } from '../../stacks/platforms/index.ts';
import type { Platform } from '../../stacks/platforms/platform.ts';

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

/** The same in time of the processor: for what is compared, a neighbour must not count at all. */
const cost = (runs: number, work: () => void): number =>
  Math.min(
    ...Array.from({ length: runs }, () => {
      const before = process.cpuUsage();
      work();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    }),
  );

function write(stack: (typeof stacks)[number]): void {
  for (const { manifest } of render({ ...stack, registry })) toYaml(manifest);
}

/** quantum-rerank with so many model servers more, each connected to the API. */
function platformWith(count: number): Platform {
  const base = platforms['quantum-rerank'];
  const [namespace] = base.namespaces;
  const server = namespace?.components.find(({ kind }) => kind === 'model-server');
  if (namespace === undefined || server === undefined) throw new Error('quantum-rerank has no model server to copy');
  const names = Array.from({ length: count }, (_, index) => `server-${index}`);
  return {
    ...base,
    namespaces: [
      { ...namespace, components: [...namespace.components, ...names.map((name) => ({ ...server, name }))] },
    ],
    connections: [...base.connections, ...names.map((to) => ({ from: 'quantum-rerank', to, port: 'http' }))],
  };
}

function modelServers(count: number): void {
  write({ platform: platformWith(count), environment: environments.prod });
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
const all = least(2, () => stacks.forEach(write));
// Warm for both: the first runs pay for compiling what the later ones use.
for (let run = 0; run < 3; run += 1) modelServers(100);
const [ten = Number.NaN, hundred = Number.NaN] = [10, 100].map((count) => cost(7, () => modelServers(count)));

const figures: readonly Figure[] = [
  { what: 'multi-agent-rag.prod, first in the process', value: cold, unit: 'ms', limit: 300 },
  { what: `${slowest.stack}, the slowest`, value: slowest.time, unit: 'ms', limit: 300 },
  { what: `all ${stacks.length}`, value: all, unit: 'ms', limit: 3000 },
  { what: '10 model servers, CPU', value: ten, unit: 'ms' },
  { what: '100 model servers, CPU', value: hundred, unit: 'ms' },
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
