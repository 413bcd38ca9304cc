import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processorSeconds } from '../processor.ts';

/** What a program has done since it began. */
export interface Counted {
  readonly texts: number;
  /** Requests that were answered; 0 where there are none. */
  readonly requests: number;
  readonly failures: number;
  /** Processor time of the program itself. */
  readonly processorSeconds: number;
  /** Batches, texts in them, and tokens, padding included, where the program does the work itself. */
  readonly batches?: Batches;
}

export type Batches = readonly [batches: number, texts: number, tokens: number];

/** One that takes turns with others: a program of this folder that makes work, and the server that does it. */
export interface Contestant<Name extends string> {
  readonly name: Name;
  /** Of this folder. */
  readonly program: string;
  /** What it is told to do. */
  readonly order: object;
  /** The server's process. @default - the program does the work itself */
  readonly server?: number;
  /** Asks the server for what it has computed. @default - nobody knows, or the program does */
  readonly batches?: () => Promise<Batches>;
}

/** What came of the turns of one. */
export interface Outcome {
  readonly texts: number;
  readonly failures: number;
  /** Seconds in which it ran. */
  readonly seconds: number;
  /** Processor time of who does the work. */
  readonly processorSeconds: number;
  /** Processor time of who only makes it. */
  readonly generatorSeconds: number;
  /** What was computed, where that is known. */
  readonly batches: Batches | undefined;
}

export interface TurnsOptions {
  /** Seconds of each that count. */
  readonly seconds: number;
  /** Called before each turn. */
  readonly onTurn?: (name: string) => void;
}

/** Seconds of a turn: many batches, and short beside what else a machine does. */
const TURN = 1;
/** Turns of each that do not count: queues fill, and the first batches allocate. */
const WARM_UP = 2;

interface Player<Name extends string> {
  readonly contestant: Contestant<Name>;
  readonly child: ChildProcess;
  readonly processes: readonly number[];
  seconds: number;
}

/**
 * Lets programs and their servers run in turns of a second, all others stopped meanwhile, so that what else the machine does
 * meets all of them alike. Nothing is lost at the end of a turn: who is stopped goes on where it was.
 */
export async function takeTurns<Name extends string>(
  contestants: readonly Contestant<Name>[],
  { seconds, onTurn = () => {} }: TurnsOptions,
): Promise<ReadonlyMap<Name, Outcome>> {
  const players: Player<Name>[] = [];
  const kill = (): void => {
    for (const { child } of players) child.kill('SIGKILL');
  };
  process.on('exit', kill);
  try {
    for (const contestant of contestants) {
      const child = fork(path.join(import.meta.dirname, contestant.program), {
        execArgv: [],
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      const processes = [child.pid, contestant.server].filter((pid) => pid !== undefined);
      const player: Player<Name> = { contestant, child, processes, seconds: 0 };
      players.push(player);
      child.send(contestant.order);
      await answer(child);
      signal(player, 'SIGSTOP');
    }
    const round = async (all: readonly Player<Name>[]): Promise<void> => {
      for (const player of all) {
        onTurn(player.contestant.name);
        const started = performance.now();
        signal(player, 'SIGCONT');
        await delay(TURN * 1000);
        signal(player, 'SIGSTOP');
        player.seconds += (performance.now() - started) / 1000;
      }
    };
    const rounds = async (count: number): Promise<void> => {
      // There and back again: nobody always comes behind the same one.
      for (let at = 0; at < count; at++) await round(at % 2 === 0 ? players : players.toReversed());
    };
    await rounds(WARM_UP);
    const before = await look(players);
    await rounds(Math.ceil(seconds / TURN));
    const after = await look(players);
    return new Map(
      players.map(({ contestant: { name } }, at): [Name, Outcome] => [name, between(before[at], after[at])]),
    );
  } finally {
    process.off('exit', kill);
    kill();
    for (const { contestant } of players)
      if (contestant.server !== undefined) process.kill(contestant.server, 'SIGCONT');
  }
}

interface Look {
  readonly counted: Counted;
  readonly server: number | undefined;
  readonly seconds: number;
  readonly batches: Batches | undefined;
}

async function look<Name extends string>(players: readonly Player<Name>[]): Promise<Look[]> {
  const looks: Look[] = [];
  for (const player of players) {
    const { child, contestant } = player;
    const started = performance.now();
    signal(player, 'SIGCONT');
    const asked = await contestant.batches?.();
    child.send('count');
    const counted = await answer(child);
    signal(player, 'SIGSTOP');
    player.seconds += (performance.now() - started) / 1000;
    const server = contestant.server === undefined ? undefined : processorSeconds(contestant.server);
    looks.push({ counted, server, seconds: player.seconds, batches: asked ?? counted.batches });
  }
  return looks;
}

function between(before: Look | undefined, after: Look | undefined): Outcome {
  if (before === undefined || after === undefined) throw new Error('a player that nobody looked at');
  const own = after.counted.processorSeconds - before.counted.processorSeconds;
  const served = after.server === undefined ? undefined : after.server - (before.server ?? 0);
  return {
    texts: after.counted.texts - before.counted.texts,
    failures: after.counted.failures,
    seconds: after.seconds - before.seconds,
    processorSeconds: served ?? own,
    generatorSeconds: served === undefined ? 0 : own,
    batches: grown(before.batches, after.batches),
  };
}

function grown(before: Batches | undefined, after: Batches | undefined): Batches | undefined {
  if (before === undefined || after === undefined) return undefined;
  return [after[0] - before[0], after[1] - before[1], after[2] - before[2]];
}

function signal<Name extends string>({ processes }: Player<Name>, name: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of processes) process.kill(pid, name);
}

async function answer(child: ChildProcess): Promise<Counted> {
  const gone = once(child, 'exit').then(() => {
    throw new Error('a program ended before it had been told to');
  });
  const [message] = await Promise.race([once(child, 'message'), gone]);
  // What follow() sends.
  return message as Counted;
}

/** For a program that takes turns: starts with the order that it gets, and says what it has done whenever it is asked. */
export function follow<Order>(start: (order: Order) => Promise<() => Counted>): void {
  let counted: Promise<() => Counted> | undefined;
  process.on('message', (message) => {
    // The first message is the order, as takeTurns() sends it; all that follow ask.
    counted ??= start(message as Order);
    void counted.then((count) => process.send?.(count()));
  });
}
