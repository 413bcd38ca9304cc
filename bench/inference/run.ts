/**
 * Measures the inference server beside a peer, and against what the processor can do.
 *
 *   npm run bench -- inference [--json] [--peer infinity|fastapi|none] [--seconds 15]
 *   npm run bench -- inference --soak [--minutes 10] [--json]
 *
 * All servers are measured in turns of a second, so that what else the machine does meets all of them alike.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { resolvePaths } from '../../local/paths.ts';
import { createProgress, silent } from '../../local/progress.ts';
import { ensureMiniLm } from '../../local/toolchain/minilm.ts';
import { machine } from '../machine.ts';
import { layOut } from './models.ts';
import { print } from './report.ts';
import { soak } from './soak.ts';
import { speed } from './speed.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    peer: { type: 'string', default: 'infinity' },
    seconds: { type: 'string', default: '15' },
    soak: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
  },
});

const peer = (['infinity', 'fastapi', 'none'] as const).find((each) => each === options.peer);
if (peer === undefined) throw new Error(`--peer is "${options.peer}". Use infinity, fastapi or none.`);
const progress = options.json ? silent : createProgress();
const paths = resolvePaths();
const folder = mkdtempSync(path.join(tmpdir(), 'keelson-bench-'));
try {
  const models = await layOut(await ensureMiniLm({ progress, paths }), folder);
  const result = options.soak
    ? await soak({ models, minutes: Number(options.minutes), progress })
    : await speed({
        models,
        peer,
        seconds: Number(options.seconds),
        progress,
        paths,
      });
  progress.stop();
  const report = { machine: machine(paths.repository), ...result };
  console.log(options.json ? JSON.stringify(report, undefined, 2) : print(report));
  if (!report.held) process.exitCode = 1;
} finally {
  progress.stop();
  rmSync(folder, { recursive: true, force: true });
}
