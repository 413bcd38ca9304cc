import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../../test/support/postgres.ts';
import { end, eventually, freePort } from '../../test/support/processes.ts';
import { startRedis } from '../../test/support/redis.ts';
import { familyOf } from '../processor.ts';
import type { Cleanup } from './cleanup.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import type { Provider } from './provider.ts';

const here = import.meta.dirname;
const repository = path.resolve(here, '../..');

/**
 * The peer, from npm. With any @hono/node-server from 1.14 on, which its range allows, its streams end with status 500: headers
 * of an upstream's answer are immutable (seen with 1.14.4, 1.15.0 and 1.19.19; 2026-11). It gets the last one that works.
 */
export const PEER = {
  name: '@portkey-ai/gateway',
  version: '1.15.2',
  overrides: { '@hono/node-server': '1.13.8' },
} as const;

/** Another version, or another set of overrides, is another installation. */
export const peerFolder = ['portkey', PEER.version, ...Object.values(PEER.overrides)].join('-');

/** A file system in memory, as the construct mounts one for calls of the last moment. */
const MEMORY = '/dev/shm';

/** Something that serves on a port of 127.0.0.1. */
export interface Server {
  readonly port: number;
  readonly process: ChildProcess;
}

export interface Orchestrator extends Server {
  /** Where its thread for probes listens. */
  readonly healthPort: number;
  /** Where the inspectors of its workers listen; empty: they do not. */
  readonly inspectPorts: readonly number[];
}

/**
 * The orchestrator as its image has it, with a worker for each processor, on a Redis and a PostgreSQL of its own, with limits, budgets
 * and prices.
 */
export async function startOrchestrator(
  provider: Provider,
  cleanup: Cleanup,
  { inspected = false }: { readonly inspected?: boolean } = {},
): Promise<Orchestrator> {
  const dir = mkdtempSync(path.join(tmpdir(), 'keelson-bench-'));
  cleanup.add(() => rmSync(dir, { recursive: true, force: true }));
  execFileSync(process.execPath, [path.join(repository, 'services/orchestrator/build.mjs'), `--out=${dir}/dist`]);
  const ahead = mkdtempSync(path.join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'keelson-bench-'));
  cleanup.add(() => rmSync(ahead, { recursive: true, force: true }));
  const inspectPort = inspected ? await freePort() : undefined;
  const workers = availableParallelism();
  const inspecting = inspectPort === undefined ? [] : [`--inspect=127.0.0.1:${inspectPort}`];
  const [redis, postgres, port, healthPort] = await Promise.all([
    startRedis(),
    startPostgres(),
    freePort(),
    freePort(),
  ]);
  cleanup.add(() => Promise.all([redis.stop(), postgres.stop()]));
  mkdirSync(`${dir}/tokens`);
  writeFileSync(`${dir}/tokens/bench`, 'token-of-bench');
  writeFileSync(
    `${dir}/providers.json`,
    JSON.stringify(
      [false, true].map((stream) => ({
        name: modelOf(stream),
        kind: 'openai-compatible',
        baseUrl: `http://127.0.0.1:${provider[stream ? 'streams' : 'whole'].port}/v1`,
        tier: 1,
        models: [{ name: modelOf(stream), price: { input: 0.15, cachedInput: 0.075, output: 0.6 } }],
      })),
    ),
  );
  writeFileSync(
    `${dir}/policy.json`,
    JSON.stringify({
      defaultTier: 'bench',
      tiers: {
        bench: {
          rate: { requests: 1_000_000, windowSeconds: 1 },
          budget: { daily: 100_000, weekly: 500_000, monthly: 1_000_000 },
        },
      },
    }),
  );
  const child = spawn(process.execPath, [...imageFlags(), ...inspecting, `${dir}/dist/main.js`], {
    stdio: ['ignore', 'ignore', inspected ? 'ignore' : 'inherit'],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      HEALTH_PORT: String(healthPort),
      WORKERS: String(workers),
      FEATURES: 'gateway,budgets',
      API_TOKENS_DIR: `${dir}/tokens`,
      PROVIDERS_FILE: `${dir}/providers.json`,
      POLICY_FILE: `${dir}/policy.json`,
      REDIS_URL: redis.url,
      POSTGRES_URL: postgres.options.url,
      POSTGRES_USER: postgres.options.user,
      POSTGRES_PASSWORD: postgres.options.password,
      WRITE_AHEAD_DIR: ahead,
      SHUTDOWN_DELAY_SECONDS: '0',
      ...(process.env.BENCH_NODE_OPTIONS && { NODE_OPTIONS: process.env.BENCH_NODE_OPTIONS }),
    },
  });
  cleanup.add(() => end(child, 'SIGTERM'));
  await eventually(async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`);
    if (!answer.ok) throw new Error(`the orchestrator is not ready: ${await answer.text()}`);
  }, 60_000);
  // node:cluster counts up from the port of the primary.
  const inspectPorts =
    inspectPort === undefined
      ? []
      : Array.from({ length: workers }, (_, at) => inspectPort + (workers > 1 ? at + 1 : 0));
  return { port, healthPort, inspectPorts, process: child };
}

/** The model that answers so. */
export function modelOf(stream: boolean): string {
  return stream ? 'streams' : 'whole';
}

/** What the image tells Node.js. */
function imageFlags(): string[] {
  const text = readFileSync(path.join(repository, 'services/orchestrator/Dockerfile'), 'utf8');
  const entry = /^ENTRYPOINT (\[.*\])$/m.exec(text)?.[1];
  if (entry === undefined) throw new Error('services/orchestrator/Dockerfile: there is no ENTRYPOINT in JSON form');
  const [, ...words] = JSON.parse(entry) as string[]; // Docker's own form: a list of texts.
  return words.filter((word) => word.startsWith('--'));
}

/** @param folder Where it is kept between measurements. */
export async function startPeer(folder: string, cleanup: Cleanup): Promise<Server> {
  const script = path.join(folder, 'node_modules', PEER.name, 'build/start-server.js');
  if (!existsSync(script)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      path.join(folder, 'package.json'),
      `${JSON.stringify({ private: true, overrides: PEER.overrides })}\n`,
    );
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${PEER.name}@${PEER.version}`], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  const port = await freePort();
  const child = spawn(process.execPath, [script, `--port=${port}`, '--headless'], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
  });
  cleanup.add(() => end(child, 'SIGKILL'));
  await eventually(() => fetch(`http://127.0.0.1:${port}/`), 60_000);
  return { port, process: child };
}

export interface LoadGenerator {
  run(order: LoadOrder): Promise<LoadResult>;
}

export function startLoad(cleanup: Cleanup): LoadGenerator {
  const child = fork(path.join(here, 'load.ts'), { stdio: 'inherit' });
  cleanup.add(() => end(child, 'SIGKILL'));
  return {
    run: (order) =>
      new Promise((resolve, reject) => {
        const onExit = (): void => reject(new Error('the load generator ended'));
        child.once('exit', onExit);
        child.once('message', (result) => {
          child.off('exit', onExit);
          resolve(result as LoadResult); // load.ts sends nothing else.
        });
        child.send(order);
      }),
  };
}

/** Memory of a process and of those that it started, in MiB. */
export function residentMebibytes(pid: number): number {
  const kib = familyOf(pid).map(
    (each) => /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1],
  );
  return kib.reduce((sum, each) => sum + Number(each), 0) / 1024;
}
