import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { WriteAheadLog } from '../../../../services/orchestrator/src/budgets/write-ahead-log.ts';
import type { LogFields } from '../../../../services/orchestrator/src/logging.ts';
import { eventually } from '../../../support/processes.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

function bench(segmentBytes?: number) {
  const folder = temporaryFolder('ahead');
  const warnings: LogFields[] = [];
  const ignore = () => undefined;
  const log = { info: ignore, error: ignore, warn: (fields: LogFields) => void warnings.push(fields) };
  const ahead = new WriteAheadLog({ folder, replica: 'r1', log, ...(segmentBytes && { segmentBytes }) });
  const files = () => readdirSync(folder).sort();
  const text = () =>
    files()
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('');
  return { folder, ahead, warnings, files, text };
}

/** Leaves a file as a process that is killed. */
async function killed(folder: string, text: string): Promise<void> {
  const program = `
    const { readFileSync, writeFileSync } = require('node:fs');
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    writeFileSync(process.argv[1] + '/dead~1~' + process.pid + '-' + start + '.wal', process.argv[2]);
    console.log('there');
    setTimeout(() => undefined, 60_000);
  `;
  const child = spawn(process.execPath, ['-e', program, folder, text], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

describe('the log on the disk', () => {
  it('has a line as soon as it is written', () => {
    const { ahead, text } = bench();
    ahead.write('first');
    ahead.write('zweite, mit Ü');
    expect(text()).toBe('first\nzweite, mit Ü\n');
  });

  it('keeps a file until everything in it is known elsewhere', async () => {
    const { ahead, files } = bench(10);
    const [a, b, c] = ['0123456', '0123456', '0123456'].map((line) => ahead.write(line));
    if (!a || !b || !c) throw new Error('not written');
    expect(files()).toHaveLength(2);
    a.release();
    expect(files()).toHaveLength(2);
    b.release();
    await eventually(() => expect(files()).toHaveLength(1));
    ahead.close();
    expect(files()).toHaveLength(1);
    c.release();
    await eventually(() => expect(files()).toEqual([]));
  });

  it('is nobody else’s while its process lives', () => {
    const { ahead } = bench();
    ahead.write('mine');
    expect(ahead.abandoned()).toEqual([]);
  });

  it('finds what a process left that was killed, and takes it over once', async () => {
    const { folder, ahead, files } = bench();
    await killed(folder, 'one\ntwo\nhalf of a li');
    const [found, ...others] = ahead.abandoned();
    if (!found) throw new Error('nothing found');
    expect(others).toEqual([]);
    expect(found.replica).toBe('dead');
    const taken = ahead.take(found);
    expect(taken?.lines).toEqual(['one', 'two']);
    expect(ahead.take(found)).toBeUndefined();
    expect(ahead.abandoned()).toEqual([]);
    taken?.done();
    expect(files()).toEqual([]);
  });

  it('says that it could not write, and tries again later', () => {
    const { folder, ahead, warnings } = bench();
    rmSync(folder, { recursive: true });
    expect(ahead.write('lost')).toBeUndefined();
    expect(ahead.write('lost')).toBeUndefined();
    expect(warnings).toEqual([{ event: 'write_ahead_failed', error: expect.any(String) }]);
  });
});
