import { AppError } from '../errors/app-error.ts';
import { describeError } from '../errors/describe.ts';

/** Something outside the process that it needs. */
export interface Dependency {
  readonly name: string;
  /** Hard: without it the service is not ready. Soft: it goes on with less. */
  readonly hard: boolean;
  /** Resolves when the dependency answers. */
  readonly check: (signal: AbortSignal) => Promise<void>;
}

export type DependencyState = 'unknown' | 'up' | 'down';

export interface DependencyStatus {
  readonly name: string;
  readonly hard: boolean;
  readonly state: DependencyState;
  readonly latencyMs: number | null;
  readonly lastError: { readonly message: string; readonly at: string } | null;
  readonly checkedAt: string | null;
}

export interface MonitorOptions {
  /** While up. @default 5000 */
  readonly intervalMs?: number;
  /** While down or not yet seen. @default 1000 */
  readonly retryMs?: number;
  /** For one check. @default 3000 */
  readonly timeoutMs?: number;
  /** Told every result. */
  readonly onCheck?: (status: DependencyStatus, before: DependencyState) => void;
}

/** Watches one dependency: more often while it is gone, so that its return is seen at once. */
export class DependencyMonitor {
  readonly #dependency: Dependency;
  readonly #options: MonitorOptions;
  #status: DependencyStatus;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(dependency: Dependency, options: MonitorOptions = {}) {
    this.#dependency = dependency;
    this.#options = options;
    const { name, hard } = dependency;
    this.#status = { name, hard, state: 'unknown', latencyMs: null, lastError: null, checkedAt: null };
  }

  get status(): DependencyStatus {
    return this.#status;
  }

  /** Checks now and from now on. Resolves after the first check. */
  async start(): Promise<void> {
    await this.check();
    if (this.#stopped) return;
    const { intervalMs = 5_000, retryMs = 1_000 } = this.#options;
    this.#timer = setTimeout(() => void this.start(), this.#status.state === 'up' ? intervalMs : retryMs);
    this.#timer.unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** One check. Never rejects. */
  async check(): Promise<DependencyStatus> {
    const before = this.#status.state;
    const started = performance.now();
    const failure = await this.#attempt();
    const { name, hard } = this.#dependency;
    const checkedAt = new Date().toISOString();
    this.#status = {
      name,
      hard,
      state: failure === undefined ? 'up' : 'down',
      latencyMs: Math.round((performance.now() - started) * 10) / 10,
      lastError: failure === undefined ? this.#status.lastError : { message: failure, at: checkedAt },
      checkedAt,
    };
    this.#options.onCheck?.(this.#status, before);
    return this.#status;
  }

  async #attempt(): Promise<string | undefined> {
    const { timeoutMs = 3_000 } = this.#options;
    const abort = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<string>((resolve) => {
      timer = setTimeout(() => {
        abort.abort();
        resolve(`no answer within ${timeoutMs} ms`);
      }, timeoutMs);
    });
    const attempt = this.#dependency.check(abort.signal).then(
      () => undefined,
      (error: unknown) => (error instanceof AppError ? error.message : describeError(error)),
    );
    try {
      return await Promise.race([attempt, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}
