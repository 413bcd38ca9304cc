/**
 * Measures the gateway beside its peer, in one run, behind the same load and before the same provider. On our side all policies
 * are on: tokens, rate limits, budgets, ledger and metrics, on a real Redis and a real PostgreSQL.
 *
 *   npm run bench -- orchestrator [--json] [--soak] [--seconds 3] [--rounds 3]
 *
 * With --soak, memory is watched instead, under load for ten minutes (or `--seconds`).
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { resolvePaths } from '../../local/paths.ts';
import { compare } from './compare.ts';
import { machine } from './machine.ts';
import { printComparison, printSoak } from './report.ts';
import { Cleanup, peerFolder, startLoad, startMock, startOrchestrator, startPeer } from './servers.ts';
import { soak } from './soak.ts';

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
try {
  const mock = await startMock(cleanup);
  const orchestrator = await startOrchestrator(mock, cleanup);
  const load = startLoad(cleanup);
  const facts = machine();
  if (options.soak) {
    const result = await soak({ orchestrator, load, seconds: Number(options.seconds ?? 600) });
    if (options.json) process.stdout.write(`${JSON.stringify({ machine: facts, soak: result }, null, 2)}\n`);
    else printSoak(facts, result);
  } else {
    const folder = path.join(resolvePaths().cache, 'bench', peerFolder);
    const peer = options['without-peer'] ? undefined : await startPeer(folder, cleanup);
    const result = await compare({
      mock,
      orchestrator,
      peer,
      load,
      seconds: Number(options.seconds ?? 3),
      rounds: Number(options.rounds ?? 3),
    });
    if (options.json) process.stdout.write(`${JSON.stringify({ machine: facts, ...result }, null, 2)}\n`);
    else printComparison(facts, result);
  }
} finally {
  await cleanup.run();
}
