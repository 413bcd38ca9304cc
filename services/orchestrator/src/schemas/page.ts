import { Type } from '@sinclair/typebox';
import { AppError } from '../errors/app-error.ts';

/** The parameters of a list that comes in pages. In an address everything is text. */
export const pageParameters = {
  limit: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,4}$', description: 'Entries on the page, 1 to 200. Default: 50' }),
  ),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: '`next_cursor` of the page before' })),
};

export const NextCursor = Type.Union([Type.String(), Type.Null()], { description: 'null on the last page' });

const LARGEST_PAGE = 200;

/** @throws AppError `invalid_request` when it is out of range */
export function pageLimit(limit: string | undefined): number {
  const value = limit === undefined ? 50 : Number(limit);
  if (value >= 1 && value <= LARGEST_PAGE) return value;
  throw new AppError('invalid_request', {
    details: [
      { path: 'querystring.limit', problem: `is ${value}`, cure: `Use a whole number from 1 to ${LARGEST_PAGE}.` },
    ],
  });
}
