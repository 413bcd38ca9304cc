/** `half-open`: one call is let through, to see. */
export type BreakerState = 'closed' | 'half-open' | 'open';

export interface BreakerOptions {
  /** Failures within the window that open it. @default 5 */
  readonly failures?: number;
  /** The share of failures, too, that opens it. @default 0.5 */
  readonly share?: number;
  /** In milliseconds. @default 30000 */
  readonly windowMs?: number;
  /** How long it stays open the first time, in milliseconds; each failed trial doubles it, up to eight times. @default 5000 */
  readonly openMs?: number;
  /** A clock in milliseconds. @default performance.now */
  readonly now?: () => number;
  readonly onChange?: (state: BreakerState) => void;
}

/** What a call that was let through tells the breaker, once. */
export interface Pass {
  succeed(): void;
  fail(): void;
  /** It ended for a reason that says nothing about the backend: the client left, or asked for nonsense. */
  release(): void;
}

/**
 * Keeps calls away from a backend that fails.
 *
 * Own code, as the libraries at hand (cockatiel 4.0, opossum 10.0; 2026-11) wrap one promise and know two results. The result
 * of a stream is known twice (first content, end), and a client that leaves is neither: in both libraries, an error that is
 * not to be counted closes a half-open breaker.
 */
export class Breaker {
  readonly #failures: number;
  readonly #share: number;
  readonly #windowMs: number;
  readonly #openMs: number;
  readonly #now: () => number;
  readonly #onChange: (state: BreakerState) => void;
  #state: BreakerState = 'closed';
  #openUntil = 0;
  #trials = 0;
  #trialUnderWay = false;
  /** Two halves of the window: counting is one addition, and what is old goes away by itself. */
  #half = { failed: 0, all: 0, since: 0 };
  #before = { failed: 0, all: 0 };

  constructor(options: BreakerOptions = {}) {
    this.#failures = options.failures ?? 5;
    this.#share = options.share ?? 0.5;
    this.#windowMs = options.windowMs ?? 30_000;
    this.#openMs = options.openMs ?? 5_000;
    this.#now = options.now ?? (() => performance.now());
    this.#onChange = options.onChange ?? (() => undefined);
    this.#half.since = this.#now();
  }

  get state(): BreakerState {
    return this.#state === 'open' && this.#now() >= this.#openUntil ? 'half-open' : this.#state;
  }

  /** Milliseconds until a call is let through again, to see; 0 when that is now. */
  get closedForMs(): number {
    return this.#state === 'open' ? Math.max(0, this.#openUntil - this.#now()) : 0;
  }

  /** @returns undefined when no call may be made now */
  enter(): Pass | undefined {
    if (this.#state === 'open') {
      if (this.#now() < this.#openUntil) return undefined;
      this.#change('half-open');
    }
    if (this.#state === 'closed') return this.#pass(false);
    if (this.#trialUnderWay) return undefined;
    this.#trialUnderWay = true;
    return this.#pass(true);
  }

  #pass(trial: boolean): Pass {
    return new SinglePass((failed) => {
      if (trial) this.#trialUnderWay = false;
      if (failed !== undefined) this.#count(failed, trial);
    });
  }

  /** A failure after success was told: a stream that broke off. */
  failLate(): void {
    this.#count(true, false);
  }

  #count(failed: boolean, trial: boolean): void {
    if (trial && this.#state === 'half-open') {
      if (failed) {
        this.#open();
      } else {
        this.#trials = 0;
        this.#half = { failed: 0, all: 0, since: this.#now() };
        this.#before = { failed: 0, all: 0 };
        this.#change('closed');
      }
      return;
    }
    // Results of calls that were under way when it opened change nothing.
    if (this.#state !== 'closed') return;
    const now = this.#now();
    if (now - this.#half.since > this.#windowMs / 2) {
      this.#before = now - this.#half.since > this.#windowMs ? { failed: 0, all: 0 } : this.#half;
      this.#half = { failed: 0, all: 0, since: now };
    }
    this.#half.all += 1;
    if (!failed) return;
    this.#half.failed += 1;
    const failures = this.#half.failed + this.#before.failed;
    if (failures >= this.#failures && failures >= this.#share * (this.#half.all + this.#before.all)) this.#open();
  }

  #open(): void {
    const factor = 2 ** Math.min(this.#trials, 3);
    // Replicas that saw the same failure must not all try at the same moment.
    this.#openUntil = this.#now() + this.#openMs * factor * (0.8 + Math.random() * 0.4);
    this.#trials += 1;
    this.#change('open');
  }

  #change(state: BreakerState): void {
    this.#state = state;
    this.#onChange(state);
  }
}

/** Tells once, whatever else it is told. */
class SinglePass implements Pass {
  #tell: ((failed: boolean | undefined) => void) | undefined;

  /** @param tell Told whether it failed; undefined: it says nothing. */
  constructor(tell: (failed: boolean | undefined) => void) {
    this.#tell = tell;
  }

  succeed(): void {
    this.#once(false);
  }

  fail(): void {
    this.#once(true);
  }

  release(): void {
    this.#once(undefined);
  }

  #once(failed: boolean | undefined): void {
    const tell = this.#tell;
    this.#tell = undefined;
    tell?.(failed);
  }
}
