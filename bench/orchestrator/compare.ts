import { setPriority } from 'node:os';
import type { Progress } from '../../local/progress.ts';
import { familyOf, processorSeconds } from '../processor.ts';
import { median } from '../statistics.ts';
import { Connection } from './client.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import { spread } from './load.ts';
import type { LoadGenerator, Orchestrator, Server } from './servers.ts';

export type Side = 'direct' | 'orchestrator' | 'peer';

export interface Sides {
  readonly mock: Server;
  readonly orchestrator: Orchestrator;
  /** undefined: not measured */
  readonly peer: Server | undefined;
  readonly load: LoadGenerator;
  /** Length of each part of a round. */
  readonly seconds: number;
  /** Each round measures all sides, one after the other: what disturbs the machine disturbs all. */
  readonly rounds: number;
  readonly progress: Progress;
}

/** Figures of one side, medians of the rounds; times in milliseconds. */
export interface Figures {
  readonly requestsPerSecond: number;
  /** Of the processor time of the server's own processes: what a core of it can do. */
  readonly requestsPerCoreSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Until the first byte of a stream. */
  readonly firstByteP50: number;
  readonly firstByteP99: number;
  readonly failures: number;
}

export interface Ratio {
  readonly what: string;
  readonly value: number;
  readonly wanted: string;
  readonly holds: boolean;
}

export interface Comparison {
  readonly figures: Readonly<Partial<Record<Side, Figures>>>;
  /** p99 of `/health/live` while 64 connections load the orchestrator, in milliseconds: on the port of the probes, and on that of the load. */
  readonly healthP99: { readonly probes: number; readonly main: number };
  readonly ratios: readonly Ratio[];
}

const PROMPT = 'Which part of a ship carries its load, and what stands on it? Answer in a few sentences. '.repeat(6);
const body = (stream: boolean): string =>
  JSON.stringify({ model: 'mock', messages: [{ role: 'user', content: PROMPT }], max_tokens: 256, stream });

export async function compare(sides: Sides): Promise<Comparison> {
  const { load, seconds, rounds, progress, orchestrator } = sides;
  const targets = targetsOf(sides);
  const order = (target: Target, stream: boolean, connections: number): LoadOrder => ({
    ...target.order,
    body: body(stream),
    connections,
    seconds,
  });
  const warming = progress.task('warm up', 13 * targets.length);
  const probesOf = (target: Target) =>
    target.side === 'orchestrator'
      ? { probes: probe(orchestrator.healthPort), main: probe(orchestrator.port) }
      : undefined;
  // Compiles what is hot, in each process of a server, and opens connections.
  for (const target of targets) {
    const probing = probesOf(target);
    await load.run({ ...order(target, false, 64), seconds: 10 });
    await load.run({ ...order(target, true, 8), seconds: 3 });
    await probing?.probes.stop();
    await probing?.main.stop();
  }
  warming.done();
  const rows = new Map<Side, { many: LoadResult[]; cores: number[]; one: LoadResult[]; stream: LoadResult[] }>();
  const probed = { probes: [] as number[], main: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const task = progress.task(`round ${round + 1} of ${rounds}`, 3 * seconds * targets.length);
    for (const target of targets) {
      task.update(target.side);
      const row = rows.get(target.side) ?? { many: [], cores: [], one: [], stream: [] };
      rows.set(target.side, row);
      const probing = probesOf(target);
      const before = processorOf(target.pid);
      const many = await load.run(order(target, false, 64));
      row.cores.push(many.requests / (processorOf(target.pid) - before));
      probed.probes.push(...((await probing?.probes.stop()) ?? []));
      probed.main.push(...((await probing?.main.stop()) ?? []));
      row.many.push(many);
      row.one.push(await load.run(order(target, false, 1)));
      row.stream.push(await load.run(order(target, true, 1)));
    }
    task.done();
  }
  const figures: Partial<Record<Side, Figures>> = {};
  for (const [side, { many, cores, one, stream }] of rows) {
    figures[side] = {
      requestsPerSecond: median(many.map((result) => result.requests / result.seconds)),
      requestsPerCoreSecond: median(cores),
      p50: median(one.map(({ whole }) => whole.p50)),
      p99: median(one.map(({ whole }) => whole.p99)),
      firstByteP50: median(stream.map(({ firstByte }) => firstByte.p50)),
      firstByteP99: median(stream.map(({ firstByte }) => firstByte.p99)),
      failures: [...many, ...one, ...stream].reduce((sum, { failures }) => sum + failures, 0),
    };
    const failed = [...many, ...one, ...stream].find(({ firstFailure }) => firstFailure !== undefined);
    if (failed) process.stderr.write(`${side}: ${failed.firstFailure}\n`);
  }
  const healthP99 = { probes: spread(probed.probes).p99, main: spread(probed.main).p99 };
  return { figures, healthP99, ratios: ratios(figures, healthP99) };
}

function ratios({ direct, orchestrator, peer }: Comparison['figures'], healthP99: Comparison['healthP99']): Ratio[] {
  const found: Ratio[] = [];
  const add = (what: string, value: number, wanted: string, holds: boolean) =>
    found.push({ what, value, wanted, holds });
  if (direct && orchestrator) {
    const value = orchestrator.requestsPerCoreSecond / direct.requestsPerCoreSecond;
    add('requests per core, of the bare provider’s', value, '', true);
  }
  if (direct && peer) {
    add(
      'the peer’s requests per core, of the bare provider’s',
      peer.requestsPerCoreSecond / direct.requestsPerCoreSecond,
      '',
      true,
    );
  }
  if (direct && orchestrator && peer) {
    const rate = orchestrator.requestsPerSecond / peer.requestsPerSecond;
    add('requests per second, of the peer’s', rate, '>= 5', rate >= 5);
    const core = orchestrator.requestsPerCoreSecond / peer.requestsPerCoreSecond;
    add('requests per core, of the peer’s', core, '', true);
    for (const [name, of] of [
      ['latency added, p50', ({ p50 }: Figures) => p50 - direct.p50],
      ['latency added, p99', ({ p99 }: Figures) => p99 - direct.p99],
      ['time to the first streamed byte, p50', ({ firstByteP50 }: Figures) => firstByteP50],
      ['time to the first streamed byte, p99', ({ firstByteP99 }: Figures) => firstByteP99],
    ] as const) {
      const value = of(orchestrator) / of(peer);
      add(`${name}, of the peer’s`, value, '<= 0.333', value <= 1 / 3);
    }
  }
  add('/health/live p99 under load, port of the probes, ms', healthP99.probes, '< 5', healthP99.probes < 5);
  add('/health/live p99 under load, port of the load, ms', healthP99.main, '', true);
  return found;
}

/** Of a server and all its processes. */
function processorOf(pid: number): number {
  return familyOf(pid).reduce((sum, each) => sum + processorSeconds(each), 0);
}

interface Target {
  readonly side: Side;
  readonly pid: number;
  readonly order: Pick<LoadOrder, 'port' | 'path' | 'headers'>;
}

function targetsOf({ mock, orchestrator, peer }: Sides): Target[] {
  const at = (side: Side, server: Server, headers: Readonly<Record<string, string>>): Target => ({
    side,
    pid: server.process.pid ?? 0,
    order: { port: server.port, path: '/v1/chat/completions', headers },
  });
  return [
    at('direct', mock, {}),
    at('orchestrator', orchestrator, { authorization: 'Bearer token-of-bench' }),
    ...(peer
      ? [
          at('peer', peer, {
            authorization: 'Bearer token-of-bench',
            'x-portkey-provider': 'openai',
            'x-portkey-custom-host': `http://127.0.0.1:${mock.port}/v1`,
          }),
        ]
      : []),
  ];
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
