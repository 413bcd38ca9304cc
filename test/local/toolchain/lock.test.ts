import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { withLock } from '../../../local/toolchain/lock.ts';
import { eventually } from '../../support/processes.ts';

const source = pathToFileURL(path.resolve(import.meta.dirname, '../../../local/toolchain/lock.ts')).href;
const node = path.resolve(import.meta.dirname, '../../../node_modules/.bin/node');
let folder: string;
const children: ChildProcess[] = [];
/** Milliseconds: a lock that nobody takes over is free after fifteen seconds all the same. */
const BEFORE_STALE = 10_000;

/** Another process that holds the lock for some time and tells by a file that it has it. */
function holder(name: string, milliseconds: number): ChildProcess {
  const program = `
    import { withLock } from ${JSON.stringify(source)};
    import { appendFileSync } from 'node:fs';
    const log = ${JSON.stringify(path.join(folder, 'log'))};
    await withLock(${JSON.stringify(folder)}, async () => {
      appendFileSync(log, 'begin ${name}\\n');
      await new Promise((resolve) => setTimeout(resolve, ${milliseconds}));
      appendFileSync(log, 'end ${name}\\n');
    }, { interval: 20 });`;
  const file = path.join(folder, `${name}.mjs`);
  writeFileSync(file, program);
  const child = spawn(node, [file], { stdio: 'inherit' });
  children.push(child);
  return child;
}

const log = () =>
  existsSync(path.join(folder, 'log')) ? readFileSync(path.join(folder, 'log'), 'utf8').trim().split('\n') : [];

/** A process that was killed while it held the lock: not before it said so, for then it may hold none, or have told nobody. */
async function killedHolder(): Promise<void> {
  const child = holder('dead', 60_000);
  await eventually(() => expect(log()).toHaveLength(1));
  child.kill('SIGKILL');
  await once(child, 'close');
  rmSync(path.join(folder, 'log'));
}

/** Lets several processes at the lock at once: each must end before the next begins, in whichever order they came. */
async function expectOneAtATime(names: readonly string[]): Promise<void> {
  const running = names.map((name) => holder(name, 50));
  await Promise.all(running.map((child) => once(child, 'close')));
  const lines = log();
  const begun = lines.filter((_, index) => index % 2 === 0);
  expect(begun.toSorted()).toEqual(names.map((name) => `begin ${name}`));
  expect(lines).toEqual(begun.flatMap((line) => [line, line.replace('begin', 'end')]));
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keelson-lock-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('withLock', () => {
  it('lets one process in at a time', () => expectOneAtATime(['a', 'b', 'c']));

  it('says who holds it', async () => {
    const other = holder('other', 60_000);
    await eventually(() => expect(log()).toHaveLength(1));
    const told: string[] = [];
    const onWait = (who: string): void => {
      told.push(who);
      other.kill('SIGKILL');
    };
    await withLock(folder, async () => undefined, { onWait, interval: 20 });
    expect(told).toEqual([expect.stringMatching(new RegExp(`^process ${other.pid} \\(.*other\\.mjs\\)$`))]);
  });

  it(
    'is taken over from a process that was killed, without waiting for it',
    async () => {
      await killedHolder();
      const told: string[] = [];
      expect(await withLock(folder, async () => 'mine', { onWait: (who) => told.push(who), interval: 20 })).toBe(
        'mine',
      );
      expect(told).toEqual([]);
    },
    BEFORE_STALE,
  );

  it(
    'goes to one only of several that see the killed one',
    async () => {
      await killedHolder();
      await expectOneAtATime(['a', 'b', 'c', 'd']);
    },
    BEFORE_STALE,
  );

  it('is free again after work that failed', async () => {
    await expect(withLock(folder, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await withLock(folder, async () => 1)).toBe(1);
  });
});
