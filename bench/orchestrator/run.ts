/**
 * Measures the gateway beside its peer, in one run, behind the same load and before the same provider. On our side all policies
 * are on: tokens, rate limits, budgets, ledger and metrics, on a real Redis and a real PostgreSQL.
 *
 *   npm run bench -- orchestrator [--json] [--soak]
 *   node bench/orchestrator/run.ts [--json] [--soak] [--seconds 3] [--rounds 7] [--without-peer]
 *
 * With --soak, memory is watched instead, under load for ten minutes (or `--seconds`), and what lives in the heap.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { resolvePaths } from '../../local/paths.ts';
import { createProgress, silent } from '../../local/progress.ts';
import { machine } from '../machine.ts';
import { Cleanup } from './cleanup.ts';
import { compare } from './compare.ts';
import { startProvider } from './provider.ts';
import { printComparison, printSoak } from './report.ts';
import { peerFolder, startLoad, startOrchestrator, startPeer } from './servers.ts';
import { soak } from './soak.ts';
import { tools } from './tools.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    soak: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    'without-peer': { type: 'boolean', default: false },
  },
});

const cleanup = new Cleanup();
cleanup.onSignals();
const progress = options.json ? silent : createProgress();
const paths = resolvePaths();
try {
  const starting = progress.task('build the orchestrator, start it on a Redis and a PostgreSQL of its own', 15);
  const { wrk, nginx } = await tools(path.join(paths.cache, 'bench'));
  const provider = await startProvider(nginx, cleanup);
  const orchestrator = await startOrchestrator(provider, cleanup, { inspected: options.soak });
  const load = startLoad(cleanup);
  starting.done();
  const facts = machine(paths.repository);
  let held: boolean;
  if (options.soak) {
    const result = await soak({ orchestrator, load, seconds: Number(options.seconds ?? 600), progress });
    progress.stop();
    held = result.holds;
    if (options.json) process.stdout.write(`${JSON.stringify({ machine: facts, soak: result }, null, 2)}\n`);
    else printSoak(facts, result);
  } else {
    const fetching = progress.task('start the peer, fetched from npm the first time', 5);
    const folder = path.join(paths.cache, 'bench', peerFolder);
    const peer = options['without-peer'] ? undefined : await startPeer(folder, cleanup);
    fetching.done(options['without-peer'] ? 'not wanted' : undefined);
    const result = await compare({
      provider,
      orchestrator,
      peer,
      load,
      wrk,
      seconds: Number(options.seconds ?? 3),
      rounds: Number(options.rounds ?? 7),
      progress,
    });
    progress.stop();
    held = result.ratios.every(({ holds }) => holds);
    if (options.json) process.stdout.write(`${JSON.stringify({ machine: facts, ...result }, null, 2)}\n`);
    else printComparison(facts, result);
  }
  if (!held) process.exitCode = 1;
} finally {
  progress.stop();
  await cleanup.run();
}
