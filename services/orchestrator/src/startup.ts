import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from './errors/app-error.ts';
import { describeError } from './errors/describe.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Logger } from './logging.ts';

/** One thing that has to be done before the service is of use. */
export interface StartupStep {
  /** Completes "waiting for …". */
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface StartupOptions {
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The first pause; it doubles up to ten times of it. @default 500 */
  readonly firstDelayMs?: number;
}

/**
 * Runs the steps in order, each until it succeeds: pods start in any order, and a service that crashes because its database
 * is not there yet only makes the start slower. What it waits for is in the log and at /health/startup.
 */
export async function startUp(steps: readonly StartupStep[], options: StartupOptions): Promise<void> {
  const { lifecycle, log, signal, firstDelayMs = 500 } = options;
  for (const { name, run } of steps) {
    lifecycle.waitFor(name);
    for (let pause = firstDelayMs; !signal.aborted; pause = Math.min(pause * 2, firstDelayMs * 10)) {
      try {
        await run();
        break;
      } catch (error) {
        const reason = error instanceof AppError ? error.message : describeError(error);
        lifecycle.waitFor(`${name} (${reason})`);
        log.warn({ event: 'startup_waiting', reason: name, error: describeError(error), problem: reason });
        await delay(pause * (0.75 + Math.random() / 2), undefined, { signal, ref: true }).catch(() => undefined);
      }
    }
  }
  if (signal.aborted) return;
  lifecycle.complete();
  log.info({ event: 'started' });
}
