/**
 * Measures the local platform that runs now: what it holds, what it costs when idle, how fast it answers and how fast it starts.
 *
 *   npm run bench -- platform [--json] [--restart]
 *
 * With --restart it is also stopped and started again, warm. Every figure stands beside the limit that it has to keep.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { cgroupFolders, memoryHeld } from '../../local/cluster/cgroups.ts';
import { cgroupName, clusterLayout } from '../../local/cluster/layout.ts';
import { lastRelays } from '../../local/cluster/relays.ts';
import { resolvePaths } from '../../local/paths.ts';
import { table } from '../../local/table.ts';

interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Undefined where nothing is promised. */
  readonly limit?: number;
}

const { values: options } = parseArgs({ options: { json: { type: 'boolean' }, restart: { type: 'boolean' } } });
const paths = resolvePaths();
const layout = clusterLayout(paths.state);
const group = cgroupName(layout);

async function seconds(command: string, ...args: readonly string[]): Promise<number> {
  const since = performance.now();
  await execa('npm', ['run', '--silent', command, '--', ...args], { cwd: paths.repository });
  return (performance.now() - since) / 1000;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Processor time that the cluster has taken, in seconds. */
function processorSeconds(): number {
  for (const folder of cgroupFolders(group)) {
    try {
      return Number(readFileSync(`${folder}/cpuacct.usage`, 'utf8')) / 1e9;
    } catch {
      // Another hierarchy.
    }
    try {
      const usage = /^usage_usec (\d+)$/m.exec(readFileSync(`${folder}/cpu.stat`, 'utf8'))?.[1];
      if (usage !== undefined) return Number(usage) / 1e6;
    } catch {
      // Another hierarchy.
    }
  }
  throw new Error(`cgroup ${group}: not there. Start the platform: npm start`);
}

async function gibibytes(folder: string): Promise<number> {
  const { stdout } = await execa('du', ['--summarize', '--block-size=1', '--one-file-system', folder]);
  return Number(stdout.split('\t')[0]) / 2 ** 30;
}

/** Sizes of the images of the services in MiB; see local/images. */
function imageSizes(): readonly Figure[] {
  // Written by local/images alone.
  const { images } = JSON.parse(readFileSync(`${paths.images}/images.json`, 'utf8')) as {
    images: Readonly<Record<string, { readonly size: number }>>;
  };
  return ['orchestrator', 'inference'].map((name) => ({
    what: `image ${name}`,
    value: (images[name]?.size ?? Number.NaN) / 2 ** 20,
    unit: 'MiB',
    limit: 350,
  }));
}

/**
 * The Pulumi program alone: how long its process lives, from its start until all resources are registered and it ends. A program
 * named node in front of the search path notes the time around the real one.
 */
async function programSeconds(): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'keelson-bench-'));
  const notes = path.join(folder, 'notes');
  const shim = `#!/bin/sh\nsince=$(date +%s%N)\n"${process.execPath}" "$@"\ncode=$?\ncase "$*" in *pulumi/cmd/run-*) ;; *pulumi/cmd/run*) echo $(($(date +%s%N) - since)) >> "${notes}" ;; esac\nexit $code\n`;
  writeFileSync(path.join(folder, 'node'), shim, { mode: 0o755 });
  try {
    const script = 'eval "$(npm run --silent env)" && PATH="$0:$PATH" exec pulumi preview --non-interactive';
    for (let run = 0; run < 4; run += 1) {
      await execa('bash', ['-c', script, folder], { cwd: paths.repository, stdout: 'ignore' });
    }
    // The first one fills the compile cache.
    const [, ...warm] = readFileSync(notes, 'utf8').trim().split('\n').map(Number);
    return median(warm) / 1e9;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const figures: Figure[] = [];
const idleSeconds = 30;
await delay(5_000);
const before = processorSeconds();
await delay(idleSeconds * 1000);
const idleCores = (processorSeconds() - before) / idleSeconds;
figures.push({
  what: 'memory held, control plane included',
  value: (memoryHeld(group) ?? Number.NaN) / 2 ** 30,
  unit: 'GiB',
  limit: 5,
});
figures.push({ what: 'idle, share of two cores', value: (idleCores / 2) * 100, unit: '%', limit: 15 });

const question = 'How do I start?';
await seconds('ask', question);
const asks: number[] = [];
for (let index = 0; index < 11; index += 1) asks.push(await seconds('ask', question));
figures.push({ what: 'npm run ask, warm, median of 11', value: median(asks) * 1000, unit: 'ms', limit: 300 });
figures.push({
  what: 'the Pulumi program, start to all registered',
  value: await programSeconds(),
  unit: 's',
  limit: 2,
});
figures.push({ what: 'npm run preview, policy pack included', value: await seconds('preview'), unit: 's' });

const ports = lastRelays(layout).flatMap(({ name, port }) => ['--port', `${name}=${port}`]);
figures.push({ what: 'npm start when all runs', value: await seconds('start', ...ports), unit: 's', limit: 60 });
if (options.restart === true) {
  await seconds('stop');
  figures.push({
    what: 'npm start from nothing running, warm',
    value: await seconds('start', ...ports),
    unit: 's',
    limit: 150,
  });
}
const disk = (await gibibytes(paths.cache)) + (await gibibytes(paths.state));
figures.push({ what: 'disk: cache and state', value: disk, unit: 'GiB', limit: 12 });
figures.push(...imageSizes());

const [processor] = cpus();
const machine = `${cpus().length} x ${processor?.model ?? 'unknown processor'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}, Node ${process.version}`;
if (options.json === true) process.stdout.write(`${JSON.stringify({ machine, figures }, null, 2)}\n`);
else {
  const rows = figures.map(({ what, value, unit, limit }) => [
    what,
    `${value.toPrecision(3)} ${unit}`,
    limit === undefined ? '' : `${limit} ${unit}`,
    limit === undefined ? '' : (value / limit).toFixed(2),
  ]);
  process.stdout.write(`${machine}\n\n${table(['', 'measured', 'limit', 'ratio'], rows)}\n`);
}
