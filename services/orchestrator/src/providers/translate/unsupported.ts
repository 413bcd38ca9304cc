import { AppError } from '../../errors/app-error.ts';

/** A part of a request that the other dialect has no word for. Another provider of the same model may take it. */
export function unsupported(path: string, problem: string, cure: string): AppError {
  return new AppError('not_supported', { details: [{ path, problem, cure }] });
}

/** A part of a request that is wrong in its own dialect. */
export function invalid(path: string, problem: string, cure: string): AppError {
  return new AppError('invalid_request', { details: [{ path, problem, cure }] });
}
