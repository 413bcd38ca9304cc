import { table } from '../../local/table.ts';
import type { Machine } from '../machine.ts';
import type { Comparison } from './compare.ts';
import { PEER } from './servers.ts';
import type { SoakResult } from './soak.ts';

type Row = NonNullable<Comparison['figures']['direct']>;

const LINES: readonly (readonly [string, keyof Row, string])[] = [
  ['requests per second, 64 connections', 'requestsPerSecond', ''],
  ['requests per second of processor time', 'requestsPerCoreSecond', ''],
  ['latency, 1 connection, p50', 'p50', 'ms'],
  ['latency, 1 connection, p99', 'p99', 'ms'],
  ['first streamed byte, 1 connection, p50', 'firstByteP50', 'ms'],
  ['first streamed byte, 1 connection, p99', 'firstByteP99', 'ms'],
  ['failures', 'failures', ''],
];

export function printComparison(facts: Machine, { figures, ratios }: Comparison): void {
  const { direct, orchestrator, peer } = figures;
  const cell = (of: Row | undefined, key: keyof Row, unit: string): string =>
    of ? `${number(of[key])} ${unit}`.trim() : '';
  process.stdout.write(`${line(facts)}\n\n`);
  process.stdout.write(
    `${table(
      ['', 'provider, bare', 'orchestrator', `${PEER.name} ${PEER.version}`],
      LINES.map(([what, key, unit]) => [
        what,
        cell(direct, key, unit),
        cell(orchestrator, key, unit),
        cell(peer, key, unit),
      ]),
    )}\n\n`,
  );
  process.stdout.write(
    `${table(
      ['', 'measured', 'wanted', ''],
      ratios.map(({ what, value, wanted, holds }) => [
        what,
        number(value),
        wanted,
        wanted === '' ? '' : holds ? 'yes' : 'NO',
      ]),
    )}\n`,
  );
}

export function printSoak(facts: Machine, result: SoakResult): void {
  const { seconds, requests, failures, early, late, most, first, last, slope, growth, live, holds } = result;
  process.stdout.write(`${line(facts)}\n\n`);
  process.stdout.write(
    `${table(
      ['', 'measured'],
      [
        ['seconds under load', number(seconds)],
        ['requests', number(requests)],
        ['failures', number(failures)],
        ['memory, first and last look', `${number(first)} and ${number(last)} MiB`],
        ['memory, second fifth', `${number(early)} MiB`],
        ['memory, last fifth', `${number(late)} MiB`],
        ['memory, the most', `${number(most)} MiB`],
        ['slope after the first fifth', `${number(slope)} MiB per minute`],
        ['growth', `${number(growth * 100)} %`],
        ['what lives in the heap, after a fifth and at the end', `${number(live.early)} and ${number(live.late)} MiB`],
        ['its growth', `${number(live.growth * 100)} %`],
        ['flat, and nothing failed', holds ? 'yes' : 'NO'],
      ],
    )}\n`,
  );
}

function number(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function line({ cores, cpu, memory, system, kernel, node, commit }: Machine): string {
  return `  ${cores} x ${cpu}, ${memory} GiB, ${system}, Linux ${kernel}, Node ${node}, ${commit}`;
}
