import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from './config.ts';
import type { Service } from './service.ts';

/**
 * On SIGTERM or SIGINT: first not ready, and still serving, until nobody sends new requests; then no new connections, and
 * what is under way (streams too) comes to its end; then exit 0. After the grace period the rest is cut off.
 */
export function drainOnSignal(
  service: Service,
  { shutdownGraceSeconds, shutdownDelaySeconds }: Pick<Config, 'shutdownGraceSeconds' | 'shutdownDelaySeconds'>,
  exit: (code: number) => void = (code) => process.exit(code),
): void {
  const onSignal = async (signal: NodeJS.Signals) => {
    if (service.lifecycle.draining) return;
    const { log } = service.app;
    service.lifecycle.drain();
    log.info({ event: 'draining', signal });
    const graceMs = shutdownGraceSeconds * 1000;
    const delayMs = Math.min(shutdownDelaySeconds * 1000, graceMs / 2);
    const cut = setTimeout(() => {
      log.warn({ event: 'drain_cut', reason: 'SHUTDOWN_GRACE_SECONDS are over' });
      exit(0);
    }, graceMs);
    await delay(delayMs);
    await service.app.close();
    await service.stop();
    clearTimeout(cut);
    log.info({ event: 'drained' });
    exit(0);
  };
  process.on('SIGTERM', (signal) => void onSignal(signal));
  process.on('SIGINT', (signal) => void onSignal(signal));
}
