import { Duration } from 'cdk8s';
import { Probe } from 'cdk8s-plus-28';
import type { Probes } from './workload-props.ts';

/** How one question is asked: over HTTP, by a command, or by opening a connection. */
type Check =
  | { readonly http: string; readonly port: number }
  | { readonly command: readonly string[] }
  | { readonly tcp: number };

interface ProbeChecks {
  readonly ready: Check;
  readonly live: Check;
  /** @default - the same as `ready` */
  readonly started?: Check;
  /** Longest time that the start may take. @default Duration.minutes(5) */
  readonly startWithin?: Duration;
}

/**
 * Probes with one rhythm for all components: the start is asked every two seconds, so that a rollout goes on as soon as it
 * can; a running process is asked every ten, which costs an idle node next to nothing.
 */
export function probes({ ready, live, started = ready, startWithin = Duration.minutes(5) }: ProbeChecks): Probes {
  const often = Duration.seconds(2);
  const timing = { periodSeconds: Duration.seconds(10), timeoutSeconds: Duration.seconds(3) };
  const lost = livenessOf(ready, live);
  return {
    startup: toProbe(started, {
      periodSeconds: often,
      timeoutSeconds: timing.timeoutSeconds,
      failureThreshold: Math.ceil(startWithin.toSeconds() / often.toSeconds()),
    }),
    readiness: toProbe(ready, { ...timing, failureThreshold: 3 }),
    // A minute without an answer: a restart in the middle of heavy work would only make it worse.
    ...(lost && { liveness: toProbe(lost, { ...timing, failureThreshold: 6 }) }),
  };
}

/**
 * The same question twice would restart what is only not ready yet, so it becomes whether the port still answers at all. Where
 * that was the question, there is none left: the process ends by itself when it is lost.
 */
function livenessOf(ready: Check, live: Check): Check | undefined {
  if (JSON.stringify(ready) !== JSON.stringify(live)) return live;
  return 'http' in live ? { tcp: live.port } : undefined;
}

interface Timing {
  readonly periodSeconds: Duration;
  readonly timeoutSeconds: Duration;
  readonly failureThreshold: number;
}

function toProbe(check: Check, timing: Timing): Probe {
  if ('http' in check) return Probe.fromHttpGet(check.http, { port: check.port, ...timing });
  if ('command' in check) return Probe.fromCommand([...check.command], timing);
  return Probe.fromTcpSocket({ port: check.tcp, ...timing });
}
