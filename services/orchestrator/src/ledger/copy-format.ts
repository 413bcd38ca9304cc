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

/**
 * A row as a line of `COPY … FROM STDIN` in its text format, without the end of the line, in the order of {@link COLUMNS};
 * https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.2 (2026-11-21)
 *
 * Written out: a loop over the columns takes half as long again, with every request.
 */
export function copyLine(row: LedgerRow): string {
  const { end_user: endUser, duration_ms: duration, first_token_ms: firstToken } = row;
  return (
    `${value(row.request_id)}\t${row.at}\t${value(row.tenant)}\t${value(row.user_id)}\t${value(row.user_tier)}\t` +
    `${value(row.caller)}\t${endUser === null ? NULL : value(endUser)}\t${value(row.endpoint)}\t${value(row.model)}\t` +
    `${value(row.provider)}\t${row.provider_tier}\t${value(row.provider_model)}\t${row.private}\t${row.stream}\t` +
    `${value(row.outcome)}\t${row.status}\t${row.attempts}\t${row.prompt_tokens}\t${row.cached_tokens}\t` +
    `${row.completion_tokens}\t${row.estimated}\t${row.cost_nano_usd}\t${duration ?? NULL}\t${firstToken ?? NULL}\t` +
    value(row.replica)
  );
}

/** A line that {@link copyLine} wrote, as the texts of its columns. */
export function fieldsOf(line: string): Readonly<Record<string, string | null>> {
  const texts = line.split('\t').map((text) => (text === NULL ? null : text.replaceAll(/\\(.)/g, meant)));
  return Object.fromEntries(COLUMNS.map((column, at) => [column, texts[at] ?? null]));
}

const ESCAPED: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r' };

function meant(_text: string, character: string): string {
  return ESCAPED[character] ?? character;
}

const NULL = '\\N';

const SPECIAL = /[\\\t\n\r]/;

function value(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}
