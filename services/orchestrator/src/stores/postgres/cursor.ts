import { AppError } from '../../errors/app-error.ts';

/** Where the next page of a list begins: after this moment and id, in the order newest first. */
export interface Cursor {
  readonly at: string;
  readonly id: string;
}

export function encodeCursor({ at, id }: Cursor): string {
  return Buffer.from(`${at} ${id}`).toString('base64url');
}

/** @throws AppError `invalid_request` for what `encodeCursor` did not make */
export function decodeCursor(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{4}-\d\d-\d\dT[\d:.]{8,20}Z) ([0-9a-f-]{36})$/.exec(Buffer.from(text, 'base64url').toString());
  const [, at, id] = match ?? [];
  if (at === undefined || id === undefined || Number.isNaN(Date.parse(at)) || !UUID.test(id)) {
    throw new AppError('invalid_request', {
      details: [
        {
          path: 'querystring.cursor',
          problem: 'is no cursor of this list',
          cure: 'Use `next_cursor` of the page before, or leave it out for the first page.',
        },
      ],
    });
  }
  return { at, id };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
