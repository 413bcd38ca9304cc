import type { Service } from '../service.ts';

/** What the routes work with. */
export interface Context extends Service {
  readonly requestTimeoutSeconds: number;
  /** Largest request, in bytes. */
  readonly maxBodyBytes: number;
  /** What clients have to show. @default - anybody may ask */
  readonly authToken?: string;
  /** Clients may load and unload models. */
  readonly repositoryApi: boolean;
  readonly lifecycle: Lifecycle;
}

/** Where in its life the server is. */
export interface Lifecycle {
  /** SIGTERM came: what is here is finished, and nothing new should come. */
  draining: boolean;
}

/** What is not as it was asked for, although the server serves. */
export function notes({ registry }: Context): string[] {
  return registry.entries().flatMap((entry) => {
    if (entry.state !== 'ready') return [];
    const { fallback } = entry.session;
    const where = `${entry.name}/${entry.version}`;
    return [
      ...(entry.reason === undefined ? [] : [`${where}: ${entry.reason}`]),
      ...(fallback === undefined ? [] : [`${where}: computed on the CPU, as EXECUTION_PROVIDER cannot: ${fallback}`]),
    ];
  });
}

/** Why this server should get no traffic; empty when it should. */
export function notReady({ lifecycle, registry, pool }: Context): string[] {
  if (lifecycle.draining) return ['the server is shutting down'];
  const problems = registry.problems();
  if (pool.available === 0) problems.push('no worker thread is running; they are being started again');
  return problems;
}
