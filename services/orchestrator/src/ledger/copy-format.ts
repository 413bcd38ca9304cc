import type { LedgerRow } from './row.ts';

/** The columns of `accounting.ledger` that a row says, in the order in which they are written. */
export const COLUMNS = [
  'request_id',
  'at',
  'tenant',
  'user_id',
  'user_tier',
  'caller',
  'end_user',
  'endpoint',
  'model',
  'provider',
  'provider_tier',
  'provider_model',
  'private',
  'stream',
  'outcome',
  'status',
  'attempts',
  'prompt_tokens',
  'cached_tokens',
  'completion_tokens',
  'estimated',
  'cost_nano_usd',
  'duration_ms',
  'first_token_ms',
  'replica',
] as const satisfies readonly (keyof LedgerRow)[];

const SPECIAL = /[\\\t\n\r]/;

/**
 * A row as a line of `COPY … FROM STDIN` in its text format, without the end of the line;
 * https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.2 (2026-11-21)
 */
export function copyLine(row: LedgerRow): string {
  let line = '';
  for (const column of COLUMNS) {
    const value = row[column];
    if (line !== '') line += '\t';
    if (value === null) line += '\\N';
    else if (typeof value === 'string' && SPECIAL.test(value)) line += escaped(value);
    else line += value;
  }
  return line;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}
