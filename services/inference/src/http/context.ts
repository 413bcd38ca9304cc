import type { Service } from '../service.ts';

/** What the routes work with. */
export interface Context extends Service {
  readonly requestTimeoutSeconds: number;
  readonly lifecycle: Lifecycle;
}

/** Where in its life the server is. */
export interface Lifecycle {
  /** SIGTERM came: what is here is finished, and nothing new should come. */
  draining: boolean;
}

/** Why this server should get no traffic; empty when it should. */
export function notReady({ lifecycle, registry, pool }: Context): string[] {
  if (lifecycle.draining) return ['the server is shutting down'];
  const problems = registry.problems();
  if (pool.available === 0) problems.push('no worker thread is running; they are being started again');
  return problems;
}
