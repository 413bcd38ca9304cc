/** The maintenance mode: while it is on, everything but health and metrics is answered with 503. */
export interface MaintenanceState {
  readonly enabled: boolean;
  /** What callers are told. */
  readonly message: string;
  /** For Retry-After. */
  readonly retryAfterSeconds: number;
  /** Who switched it, and when (ISO 8601). */
  readonly by: string;
  readonly since: string;
}

const OFF: MaintenanceState = { enabled: false, message: '', retryAfterSeconds: 0, by: '', since: '' };

/**
 * The maintenance mode of this replica, and what it shares with the others. The newest version wins. Redis passes it on; while
 * that is gone, a replica goes by what it knows, and tells the others when Redis is back, also one that has lost everything.
 */
export class Maintenance {
  #version = 0;
  #state = OFF;

  get current(): MaintenanceState {
    return this.#state;
  }

  /** Switches it, here at once. @returns what it was before */
  set(state: MaintenanceState, now = Date.now()): MaintenanceState {
    const before = this.#state;
    // Never behind what another replica said, whatever this one's clock says.
    this.#version = Math.max(now, this.#version + 1);
    this.#state = state;
    return before;
  }

  /** What the other replicas are told. */
  maintenance(): { version: number; state: string } {
    return { version: this.#version, state: this.#version === 0 ? '' : JSON.stringify(this.#state) };
  }

  /** What another replica said. */
  heard(version: number, state: string): void {
    if (!(version > this.#version)) return;
    try {
      const given = JSON.parse(state) as Partial<MaintenanceState>; // Each field is checked below.
      this.#state = {
        enabled: given.enabled === true,
        message: typeof given.message === 'string' ? given.message : '',
        retryAfterSeconds: typeof given.retryAfterSeconds === 'number' ? given.retryAfterSeconds : 60,
        by: typeof given.by === 'string' ? given.by : '',
        since: typeof given.since === 'string' ? given.since : '',
      };
      this.#version = version;
    } catch {
      // Another program wrote it: what this replica knows holds.
    }
  }
}
