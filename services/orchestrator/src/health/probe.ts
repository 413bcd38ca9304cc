/** What the thread of the probes knows about the main one. */
export interface Known {
  /** Why the main thread wants no requests; undefined when it does. */
  readonly notReady: string | undefined;
  /** For how long its event loop has not turned, in seconds. */
  readonly stillSeconds: number;
  /** From how many seconds on that counts as broken. */
  readonly stallSeconds: number;
}

export interface ProbeAnswer {
  readonly status: 200 | 404 | 503;
  readonly body: { readonly status: string; readonly reason?: string };
}

const OK: ProbeAnswer = { status: 200, body: { status: 'ok' } };

/** The answer to a probe. A main thread that hangs is neither alive nor ready, whatever it said before. */
export function answerProbe(path: string, { notReady, stillSeconds, stallSeconds }: Known): ProbeAnswer {
  if (path !== '/health/live' && path !== '/health/ready')
    return { status: 404, body: { status: 'unknown', reason: 'This port answers /health/live and /health/ready.' } };
  if (stillSeconds >= stallSeconds)
    return unavailable(`the event loop has not turned for ${Math.floor(stillSeconds)} s`);
  return path === '/health/live' || notReady === undefined ? OK : unavailable(notReady);
}

function unavailable(reason: string): ProbeAnswer {
  return { status: 503, body: { status: 'unavailable', reason } };
}
