import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { end } from '../../support/processes.ts';

const logging = path.resolve(import.meta.dirname, '../../../services/orchestrator/src/logging.ts');

/** A process that runs this after `log` was made. */
function start(code: string) {
  const program = `import { createLogger } from ${JSON.stringify(logging)};\nconst log = createLogger('info');\n${code}`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH },
  });
}

/** What it writes, and with what code it ends. */
async function run(code: string) {
  const child = start(code);
  const [output, [exit]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const events: string[] = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).event);
  return { events, exit };
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(at));
const write = (count: number) => `for (let at = 0; at < ${count}; at += 1) log.info({ event: String(at) });`;

describe('log lines', () => {
  it.each([
    ['ends by itself', '', 0],
    ['exits', 'process.exit(3);', 3],
    ['fails', "throw new Error('x');", 1],
  ])('all leave when the process %s', async (_how, last, exit) => {
    // Some leave before, and some are left.
    const ended = await run(`${write(1_000)} await new Promise(setImmediate); ${write(10)} ${last}`);
    expect(ended.exit).toBe(exit);
    expect(ended.events.toSorted()).toEqual([...numbers(1_000), ...numbers(10)].toSorted());
  });

  it('stay whole where several processes write to one pipe', async () => {
    const module = JSON.stringify(path.resolve(path.dirname(logging), 'log-lines.ts'));
    const writer = `import { createLogger } from ${JSON.stringify(logging)};
import { LogLines } from ${module};
const log = createLogger('info', new LogLines(1, true));
for (let at = 0; at < 2_000; at += 1) { log.info({ event: 'x'.repeat(1 + (at % 300)) }); if (at % 50 === 0) await new Promise(setImmediate); }`;
    const starter = `import { spawn } from 'node:child_process';
for (let at = 0; at < 4; at += 1) spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(writer)}], { stdio: 'inherit' });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', starter], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH },
    });
    const lines = (await text(child.stdout)).trim().split('\n');
    expect(lines).toHaveLength(8_000);
    for (const line of lines) expect(JSON.parse(line).event).toMatch(/^x+$/);
  });

  it('leave after a moment, without others', async () => {
    const running = start(`${write(1)} setInterval(() => undefined, 1_000);`);
    const [first] = await once(running.stdout, 'data');
    expect(String(first)).toContain('"event":"0"');
    await end(running, 'SIGKILL');
  });
});
