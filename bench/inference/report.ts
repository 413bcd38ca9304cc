import { table } from '../../local/table.ts';
import type { Machine } from '../machine.ts';

/** A figure beside what it has to be. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Undefined where nothing is promised. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Report {
  readonly machine: Machine;
  readonly figures: readonly Figure[];
  /** Whether every promise was kept. */
  readonly held: boolean;
  /** What to know about how it was measured. */
  readonly notes: readonly string[];
}

export function kept({
  value,
  atLeast = Number.NEGATIVE_INFINITY,
  atMost = Number.POSITIVE_INFINITY,
}: Figure): boolean {
  return value >= atLeast && value <= atMost;
}

/** For a person's terminal. */
export function print({ machine, figures, notes }: Report): string {
  const rows = figures.map((figure) => {
    const { what, value, unit, atLeast, atMost } = figure;
    const limit = atLeast !== undefined ? `>= ${atLeast}` : atMost !== undefined ? `<= ${atMost}` : '';
    return [what, `${round(value)} ${unit}`, limit, limit === '' ? '' : kept(figure) ? 'yes' : 'NO'];
  });
  const facts = `${machine.cores} x ${machine.cpu} (${machine.instructions.join(', ')}), ${machine.memory} GiB, ${machine.system}, Linux ${machine.kernel}, Node ${machine.node}, ${machine.commit}`;
  return [
    table(['', 'measured', 'promised', 'kept'], rows),
    '',
    `  ${facts}`,
    ...notes.map((note) => `  ${note}`),
  ].join('\n');
}

function round(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
}
