import { setPriority } from 'node:os';
import type { Progress } from '../../local/progress.ts';
import { familyOf, processorSeconds } from '../processor.ts';
import { median } from '../statistics.ts';
import { Connection } from './client.ts';
import type { LoadOrder } from './load.ts';
import { spread } from './load.ts';
import type { Provider } from './provider.ts';
import { rate } from './rate.ts';
import { type LoadGenerator, modelOf, type Orchestrator, type Server } from './servers.ts';
import type { Command } from './tools.ts';

export type Side = 'direct' | 'orchestrator' | 'peer';

export interface Sides {
  readonly provider: Provider;
  readonly orchestrator: Orchestrator;
  /** undefined: not measured */
  readonly peer: Server | undefined;
  /** Of single connections, and of streams. */
  readonly load: LoadGenerator;
  /** Of many connections. */
  readonly wrk: Command;
  /** Length of each part of a round. */
  readonly seconds: number;
  /** Each round measures all sides, one after the other: what disturbs the machine disturbs all. */
  readonly rounds: number;
  readonly progress: Progress;
}

/** Figures of one side; times in milliseconds. */
export interface Figures {
  readonly requestsPerSecond: number;
  /** Of the processor time of the server's own processes: what a core of it can do. */
  readonly requestsPerCoreSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Until the first byte of a stream. */
  readonly firstByteP50: number;
  readonly firstByteP99: number;
}

export interface Ratio {
  readonly what: string;
  readonly value: number;
  readonly wanted: string;
  readonly holds: boolean;
}

export interface Comparison {
  /** Medians of the rounds. */
  readonly figures: Readonly<Partial<Record<Side, Figures & { readonly failures: number }>>>;
  /** p99 of `/health/live` while 64 connections load the orchestrator, in milliseconds: on the port of the probes, and on that of the load. */
  readonly healthP99: { readonly probes: number; readonly main: number };
  readonly ratios: readonly Ratio[];
}

/** Until what is hot is compiled for good: after ten seconds, compiling still delays a request in fifty (V8 13.6). */
const WARM_UP_SECONDS = 30;

const PROMPT = 'Which part of a ship carries its load, and what stands on it? Answer in a few sentences. '.repeat(6);
const body = (stream: boolean): string =>
  JSON.stringify({ model: modelOf(stream), messages: [{ role: 'user', content: PROMPT }], max_tokens: 256, stream });

export async function compare(sides: Sides): Promise<Comparison> {
  const { load, wrk, seconds, rounds, progress, orchestrator } = sides;
  const targets = targetsOf(sides);
  const order = (target: Target, stream: boolean, connections: number): LoadOrder => ({
    ...target.order(stream),
    path: '/v1/chat/completions',
    body: body(stream),
    connections,
    seconds,
  });
  const warming = progress.task('warm up', (WARM_UP_SECONDS + 3) * targets.length);
  const probesOf = (target: Target) =>
    target.side === 'orchestrator'
      ? { probes: probe(orchestrator.healthPort), main: probe(orchestrator.port) }
      : undefined;
  // Compiles what is hot, in each process of a server, and opens connections.
  for (const target of targets) {
    const probing = probesOf(target);
    await rate(wrk, { ...order(target, false, 64), seconds: WARM_UP_SECONDS });
    await load.run({ ...order(target, true, 8), seconds: 3 });
    await probing?.probes.stop();
    await probing?.main.stop();
  }
  warming.done();
  const measured: Round[] = [];
  const failures = new Map<Side, number>();
  const probed = { probes: [] as number[], main: [] as number[] };
  for (let at = 0; at < rounds; at += 1) {
    const task = progress.task(`round ${at + 1} of ${rounds}`, 3 * seconds * targets.length);
    const round: Partial<Record<Side, Figures>> = {};
    for (const target of targets) {
      task.update(target.side);
      const probing = probesOf(target);
      const before = processorOf(target.pid);
      const many = await rate(wrk, order(target, false, 64));
      const requestsPerCoreSecond = many.requests / (processorOf(target.pid) - before);
      probed.probes.push(...((await probing?.probes.stop()) ?? []));
      probed.main.push(...((await probing?.main.stop()) ?? []));
      const one = await load.run(order(target, false, 1));
      const stream = await load.run(order(target, true, 1));
      round[target.side] = {
        requestsPerSecond: many.requests / many.seconds,
        requestsPerCoreSecond,
        p50: one.whole.p50,
        p99: one.whole.p99,
        firstByteP50: stream.firstByte.p50,
        firstByteP99: stream.firstByte.p99,
      };
      const all = [many, one, stream];
      const failed = all.find(({ firstFailure }) => firstFailure !== undefined);
      if (failed) process.stderr.write(`${target.side}: ${failed.firstFailure}\n`);
      const sum = all.reduce((sum, { failures }) => sum + failures, failures.get(target.side) ?? 0);
      failures.set(target.side, sum);
    }
    measured.push(round);
    task.done();
  }
  const figures = Object.fromEntries(
    targets.map(({ side }) => [side, { ...medians(measured, side), failures: failures.get(side) ?? 0 }]),
  );
  const healthP99 = { probes: spread(probed.probes).p99, main: spread(probed.main).p99 };
  return { figures, healthP99, ratios: ratios(measured, healthP99) };
}

/** What came out for each side within some seconds. */
type Round = Readonly<Partial<Record<Side, Figures>>>;

function medians(rounds: readonly Round[], side: Side): Figures {
  const of = (key: keyof Figures): number =>
    median(rounds.flatMap((round) => (round[side] === undefined ? [] : [round[side][key]])));
  return {
    requestsPerSecond: of('requestsPerSecond'),
    requestsPerCoreSecond: of('requestsPerCoreSecond'),
    p50: of('p50'),
    p99: of('p99'),
    firstByteP50: of('firstByteP50'),
    firstByteP99: of('firstByteP99'),
  };
}

/** Of each round by itself, and then the median: a machine may be half as fast a minute later. */
function ratios(rounds: readonly Round[], healthP99: Comparison['healthP99']): Ratio[] {
  const found: Ratio[] = [];
  const add = (what: string, value: number | undefined, wanted: string, holds: (value: number) => boolean) => {
    if (value !== undefined) found.push({ what, value, wanted, holds: holds(value) });
  };
  /** undefined: one of the sides was not measured. */
  const compared = (side: Side, other: Side, of: (figures: Figures, direct: Figures) => number): number | undefined => {
    const values = rounds.flatMap(({ direct, [side]: one, [other]: another }) =>
      direct && one && another ? [of(one, direct) / of(another, direct)] : [],
    );
    return values.length === 0 ? undefined : median(values);
  };
  const perCore = ({ requestsPerCoreSecond }: Figures): number => requestsPerCoreSecond;
  const any = (): boolean => true;
  add('requests per core, of the bare provider’s', compared('orchestrator', 'direct', perCore), '', any);
  add('the peer’s requests per core, of the bare provider’s', compared('peer', 'direct', perCore), '', any);
  const rates = compared('orchestrator', 'peer', ({ requestsPerSecond }) => requestsPerSecond);
  add('requests per second, of the peer’s', rates, '>= 5', (value) => value >= 5);
  add('requests per core, of the peer’s', compared('orchestrator', 'peer', perCore), '', any);
  for (const [name, of] of [
    ['latency added, p50', ({ p50 }: Figures, direct: Figures) => p50 - direct.p50],
    ['latency added, p99', ({ p99 }: Figures, direct: Figures) => p99 - direct.p99],
    ['time to the first streamed byte, p50', ({ firstByteP50 }: Figures) => firstByteP50],
    ['time to the first streamed byte, p99', ({ firstByteP99 }: Figures) => firstByteP99],
  ] as const) {
    add(`${name}, of the peer’s`, compared('orchestrator', 'peer', of), '<= 0.333', (value) => value <= 1 / 3);
  }
  const { probes, main } = healthP99;
  add('/health/live p99 under load, port of the probes, ms', probes, '< 5', (value) => value < 5);
  add('/health/live p99 under load, port of the load, ms', main, '', any);
  return found;
}

/** Of a server and all its processes. */
function processorOf(pid: number): number {
  return familyOf(pid).reduce((sum, each) => sum + processorSeconds(each), 0);
}

interface Target {
  readonly side: Side;
  readonly pid: number;
  readonly order: (stream: boolean) => Pick<LoadOrder, 'port' | 'headers'>;
}

function targetsOf({ provider, orchestrator, peer }: Sides): Target[] {
  const portOf = (stream: boolean): number => provider[stream ? 'streams' : 'whole'].port;
  const token = { authorization: 'Bearer token-of-bench' };
  return [
    {
      side: 'direct',
      pid: pidOf(provider.whole),
      order: (stream) => ({ port: portOf(stream), headers: {} }),
    },
    {
      side: 'orchestrator',
      pid: pidOf(orchestrator),
      order: () => ({ port: orchestrator.port, headers: token }),
    },
    ...(peer
      ? [
          {
            side: 'peer',
            pid: pidOf(peer),
            order: (stream: boolean) => ({
              port: peer.port,
              headers: {
                ...token,
                'x-portkey-provider': 'openai',
                'x-portkey-custom-host': `http://127.0.0.1:${portOf(stream)}/v1`,
              },
            }),
          } as const,
        ]
      : []),
  ];
}

function pidOf(server: Server): number {
  return server.process.pid ?? 0;
}

/**
 * Asks for the health every 10 ms, from this process, which has nothing else to do. The load wants more than the machine has: so
 * that what is measured is the orchestrator, this process goes before all others (where it may).
 */
function probe(port: number): { stop(): Promise<number[]> } {
  try {
    setPriority(-10);
  } catch {
    // Without the right to it, the figure holds some waiting for the processor, too.
  }
  const times: number[] = [];
  let going = true;
  const work = async (): Promise<void> => {
    const connection = await Connection.open(port);
    while (going) {
      times.push((await connection.ask(HEALTH)).whole);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    connection.close();
  };
  const worked = work();
  return {
    async stop() {
      going = false;
      await worked;
      return times;
    },
  };
}

const HEALTH = Buffer.from('GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
