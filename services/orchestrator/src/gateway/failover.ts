import { AppError } from '../errors/app-error.ts';
import type { ErrorCode } from '../errors/catalogue.ts';
import type { Backend } from '../providers/backend.ts';
import type { Pass } from '../providers/breaker.ts';
import type { ModelConfig } from '../providers/config.ts';
import type { RetryBudget } from '../providers/retry-budget.ts';
import { type CallSignal, pauseUnlessGone } from './call-signal.ts';

/** A backend that serves the model of a call. */
export interface Candidate {
  readonly backend: Backend;
  readonly model: ModelConfig;
}

export interface FailoverOptions {
  readonly budget: RetryBudget;
  /** Requests for one call, to whichever backend. @default 4 */
  readonly attempts?: number;
  /** Tries of one backend again, right away. @default 1 */
  readonly retries?: number;
  /** The first pause before a backend is asked again, in milliseconds, at most: it is drawn from 0 up. @default 100 */
  readonly pauseMs?: number;
  /** The longest `Retry-After`, in seconds, that a call waits for when nobody else can serve it. @default 2 */
  readonly patience?: number;
}

/** One request to one backend. It may tell `pass` itself that it succeeded; a rejection is told by the failover. */
export type Attempt<T> = (candidate: Candidate, pass: Pass) => Promise<T>;

/**
 * Tries the candidates in their order until one answers. A backend that fails at once is asked a second time, as long as the
 * process can afford retries; one that is slow is not. A request that the backend calls wrong is tried nowhere else.
 *
 * @param onFailure Told of each candidate that failed.
 * @throws AppError the last failure; `backends_unavailable` when no candidate could be asked; `client_closed`
 */
export async function failover<T>(
  candidates: readonly Candidate[],
  attempt: Attempt<T>,
  signal: CallSignal,
  options: FailoverOptions,
  onFailure?: (candidate: Candidate, error: AppError) => void,
): Promise<T> {
  const { budget, attempts = 4, retries = 1, pauseMs = 100, patience = 2 } = options;
  budget.earn();
  let last: AppError | undefined;
  let made = 0;
  for (const [at, candidate] of candidates.entries()) {
    const { backend } = candidate;
    for (let retry = 0; made < attempts; retry += 1) {
      if (signal.aborted) throw new AppError('client_closed');
      const pass = backend.enter();
      if (typeof pass === 'string') break;
      try {
        made += 1;
        return await attempt(candidate, pass);
      } catch (error) {
        const failure = error instanceof AppError ? error : new AppError('internal', { cause: error });
        tell(pass, backend, failure);
        // Another dialect may have the words for it: this was no request.
        if (failure.code === 'not_supported') made -= 1;
        else if (failure.code !== 'client_closed') onFailure?.(candidate, failure);
        last = last && failure.code === 'not_supported' ? last : failure;
        if (!elsewhere(failure)) throw failure;
        const pause = pauseBefore(failure, retry, at === candidates.length - 1 ? patience : 0, pauseMs);
        // The same one again only if there are requests left for those who were not asked yet.
        const others = candidates.length - 1 - at;
        if (retry >= retries || pause === undefined || attempts - made <= others || !budget.spend()) break;
        await pauseUnlessGone(pause, signal);
      }
    }
  }
  throw last ?? unavailable(candidates);
}

/** What the failure means for the backend, whoever asked. */
function tell(pass: Pass, backend: Backend, failure: AppError): void {
  switch (failure.code) {
    case 'upstream_rate_limited':
      pass.release();
      backend.note(failure);
      backend.rest(failure.retryAfterSeconds ?? 1);
      break;
    case 'upstream_failed':
    case 'upstream_cut':
    case 'upstream_timeout':
    case 'upstream_credentials':
      pass.fail();
      backend.note(failure);
      if (failure.retryAfterSeconds !== undefined) backend.rest(failure.retryAfterSeconds);
      break;
    default:
      // The client left, or asked for what is wrong.
      pass.release();
  }
}

const ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  'not_supported',
  'upstream_rate_limited',
  'upstream_failed',
  'upstream_cut',
  'upstream_timeout',
  'upstream_credentials',
]);

/** Whether another request may end better. */
function elsewhere({ code }: AppError): boolean {
  return ELSEWHERE.has(code);
}

/** @returns milliseconds before the same backend is asked again; undefined: it is not */
function pauseBefore(failure: AppError, retry: number, patience: number, pauseMs: number): number | undefined {
  const after = failure.retryAfterSeconds;
  if (after !== undefined) return after <= patience ? after * 1000 + Math.random() * pauseMs : undefined;
  // Full jitter: callers that failed together do not come back together.
  return failure.code === 'upstream_failed' || failure.code === 'upstream_cut'
    ? Math.random() * pauseMs * 2 ** retry
    : undefined;
}

function unavailable(candidates: readonly Candidate[]): AppError {
  const waits = candidates.map(({ backend }) => Math.max(backend.restingForMs, backend.breaker.closedForMs));
  const names = candidates.map(({ backend }) => backend.name).join(', ');
  const limited = candidates.some(({ backend }) => backend.restingForMs > 0);
  return new AppError(limited ? 'upstream_rate_limited' : 'backends_unavailable', {
    message: `Not asked: ${names}.`,
    retryAfterSeconds: Math.max(1, Math.ceil(Math.min(...waits) / 1000)),
  });
}
