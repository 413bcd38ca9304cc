import { AppError } from '../errors/app-error.ts';
import { describeError } from '../errors/describe.ts';
import type { Logger } from '../logging.ts';

/**
 * Writes a row by itself. One that PostgreSQL refuses is told to the log, and does not hold up others.
 *
 * @throws AppError when PostgreSQL is gone
 */
export async function writeOne(write: () => Promise<void>, requestId: string, log: Logger): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (error instanceof AppError) throw error;
    log.error({ event: 'ledger_row_refused', request_id: requestId, error: describeError(error) });
  }
}
