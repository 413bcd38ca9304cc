import type { AppError } from '../errors/app-error.ts';
import type { ErrorCode } from '../errors/catalogue.ts';
import type { Noted } from '../providers/noted.ts';
import type { GatewayCall, Target, TokenUsage } from './call.ts';

/**
 * Decides whether a call may be made, and hears what became of it. The pipeline of a call is
 *
 *   authorise (the route) -> admit: rate limit, then budget reservation -> cache lookup -> backends, tier by tier
 *   -> settle: budget, ledger
 *
 * One `admit` does the rate limit and the reservation, so that an implementation can do both in one round trip. Metrics of the
 * calls themselves (`llm_*`) are the gateway's; those of refusals belong to the implementation.
 */
export interface AdmissionPolicy {
  /**
   * Called once per call, before anything else is done for it. May answer at once or later, and never throws; a rejection counts as a failure
   * of the service (500), so what a policy does without its store is for the policy to decide.
   */
  admit(call: GatewayCall): Admission | Promise<Admission>;
  /** Resolves when everything that was settled is stored. Called once, after the last call ended. */
  drain(): Promise<void>;
}

export type Admission = Permit | Refusal;

/** A call may be made. Exactly one of `settle` and `refund` is called, exactly once. */
export interface Permit {
  readonly admitted: true;
  /** For the answer, such as `x-ratelimit-remaining`. */
  readonly headers: Readonly<Record<string, string>>;
  /** What has to be written before a backend is sent the request. @default - nothing */
  readonly noted?: Noted | undefined;
  /** Called right before a backend is sent the request, each time that happens. The gateway does not wait for it. */
  sending?(target: Target): void;
  /** A backend was asked, or the cache answered. The caller's answer does not wait for it. */
  settle(settlement: Settlement): void;
  /** No backend was asked: nothing was used up. */
  refund(): void;
}

/** A call may not be made. */
export interface Refusal {
  readonly admitted: false;
  readonly error: AppError;
  readonly headers: Readonly<Record<string, string>>;
}

/** How a call ended. `success` and `cached` aside, the code of the error that the caller got. */
export type Outcome = 'success' | 'cached' | ErrorCode;

/** What became of a call for which a backend was asked. */
export interface Settlement {
  readonly outcome: Outcome;
  /** The status of the answer; 499 when the client left. */
  readonly status: number;
  /** The backend that was asked last. With `cached`, the one that made the answer. */
  readonly target: Target;
  /** How many requests backends were sent, retries included; 0 with `cached`. */
  readonly attempts: number;
  /** undefined: no backend took up the work (it refused, failed or never answered). */
  readonly usage: TokenUsage | undefined;
  /** In nano US dollars; 0 without usage and with `cached`. */
  readonly costNanoUsd: number;
  readonly durationMs: number;
  /** undefined without a stream, or without content. */
  readonly firstTokenMs: number | undefined;
}

/** Admits every call and remembers nothing: for a gateway without accounting. */
export const openAdmission: AdmissionPolicy = {
  admit: () => openPermit,
  drain: async () => undefined,
};

const openPermit: Permit = { admitted: true, headers: {}, settle: () => undefined, refund: () => undefined };
