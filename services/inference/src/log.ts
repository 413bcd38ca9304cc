import type { LoggerOptions } from 'pino';
import type { LogLevel } from './config.ts';

/**
 * The only fields that get into the log. Everything else is dropped, so that a field that somebody adds in passing
 * cannot carry what a client sent.
 */
const FIELDS: ReadonlySet<string> = new Set([
  'reqId',
  'method',
  'route',
  'status',
  'ms',
  'model',
  'version',
  'inputs',
  'tokens',
  'code',
  'reason',
  'frames',
  'address',
  'threads',
  'workers',
  'seconds',
  'signal',
  'provider',
  'rpc',
]);

/** Settings of the logger: JSON lines on standard output. */
export function loggerOptions(level: LogLevel): LoggerOptions {
  return {
    level,
    base: null,
    // Fastify adds whole requests, replies and errors under these names; errors quote what they could not read.
    serializers: { req: () => undefined, res: () => undefined, err: () => undefined },
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => FIELDS.has(name))),
    },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
}
