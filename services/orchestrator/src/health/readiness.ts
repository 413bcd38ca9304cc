import type { HealthDeps } from '../routes/deps.ts';

/** Why no request should come here; undefined when it should. */
export function notReady({ lifecycle, monitors }: HealthDeps): string | undefined {
  if (lifecycle.draining) return 'shutting down';
  if (!lifecycle.started) return `starting: waiting for ${lifecycle.waitingFor}`;
  const missing = monitors.filter(({ status }) => status.hard && status.state !== 'up');
  return missing.length === 0 ? undefined : `down: ${missing.map(({ status }) => status.name).join(', ')}`;
}
