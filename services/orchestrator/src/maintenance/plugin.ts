import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors/app-error.ts';
import type { Maintenance } from './maintenance.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers during maintenance as well: health, metrics, and the switch itself. */
    duringMaintenance?: boolean;
  }
}

/** Refuses everything but health, metrics and the switch while the maintenance mode is on, before anything is read or checked. */
export function installMaintenance(app: FastifyInstance, maintenance: Maintenance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const state = maintenance.current;
    const config = request.routeOptions.config;
    // Probes and metrics are the public routes that nobody logs.
    if (
      !state.enabled ||
      config?.duringMaintenance === true ||
      (config?.access === 'public' && config.quiet === true)
    ) {
      done();
      return;
    }
    done(
      new AppError('maintenance', {
        ...(state.message === '' ? {} : { message: state.message }),
        retryAfterSeconds: state.retryAfterSeconds,
      }),
    );
  });
}
