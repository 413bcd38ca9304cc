export interface RetryBudgetOptions {
  /** Retries that each call earns for all. @default 0.1 - a tenth more load at most */
  readonly perCall?: number;
  /** What a quiet service may spend; also where saving ends. @default 20 */
  readonly most?: number;
}

/**
 * Retries that the whole process may still make. When everything fails, retries would multiply the load at the worst moment;
 * with this, they add a fixed share.
 */
export class RetryBudget {
  readonly #perCall: number;
  readonly #most: number;
  #left: number;

  constructor({ perCall = 0.1, most = 20 }: RetryBudgetOptions = {}) {
    this.#perCall = perCall;
    this.#most = most;
    this.#left = most;
  }

  /** A call begins. */
  earn(): void {
    if (this.#left < this.#most) this.#left = Math.min(this.#most, this.#left + this.#perCall);
  }

  /** @returns whether a retry may be made */
  spend(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
