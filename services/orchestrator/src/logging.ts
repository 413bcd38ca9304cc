import pino from 'pino';
import type { LogLevel } from './config.ts';
import { LogLines, STDOUT } from './log-lines.ts';

/**
 * The only fields that a log line may hold. Anything else is dropped, whoever logs it: prompts, documents, keys and headers
 * get into logs by objects that someone logged whole, or by the messages of errors that quote what they were given.
 */
const ALLOWED = new Set([
  'event',
  'method',
  'route',
  'status',
  'duration_ms',
  'request_id',
  'caller',
  'code',
  'error',
  'stack',
  'dependency',
  'state',
  'migration',
  'restored',
  'removed',
  'swept',
  'count',
  'port',
  'provider',
  'model',
  'signal',
  'problem',
  'path',
  'cure',
  'reason',
]);

/** The fields by which a log line may be written. */
export type LogFields = Readonly<Partial<Record<string, string | number | boolean | undefined>>> & {
  readonly event: string;
};

export interface Logger {
  info(fields: LogFields): void;
  warn(fields: LogFields): void;
  error(fields: LogFields): void;
}

/**
 * A pino logger that denies by default. Messages are dropped as well (libraries put anything into them): a line says what
 * happened by its `event`.
 *
 * Lines leave together, after a quarter of a second at the latest, and all that are left when the process exits.
 */
export function createLogger(level: LogLevel, destination: pino.DestinationStream = new LogLines(STDOUT)): pino.Logger {
  const logger = pino(
    {
      level,
      base: null,
      timestamp,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        // Here and not in a formatter: by then pino has copied the message of an error.
        logMethod([fields], method) {
          if (typeof fields === 'object' && fields !== null && 'event' in fields) method.apply(this, [allowed(fields)]);
        },
      },
    },
    destination,
  );
  destinations.set(logger, destination);
  // The fields of a child logger pass no hook. Fastify makes one per request; its children inherit this method.
  const { child } = logger;
  const filtered: typeof child = function (this: unknown, bindings, options) {
    return Reflect.apply(child, this, [allowed(bindings), options]);
  };
  logger.child = filtered;
  return logger;
}

let written = { at: 0, text: '' };

const destinations = new WeakMap<object, pino.DestinationStream>();

/** Where the lines of a logger go that {@link createLogger} made; undefined for any other one. */
export function destinationOf(logger: object): pino.DestinationStream | undefined {
  return destinations.get(logger);
}

/** The field of the time, in ISO 8601. Under load, several lines share a millisecond, and writing it out is a good part of a line. */
export function timestamp(): string {
  const at = Date.now();
  if (at !== written.at) written = { at, text: `,"time":"${new Date(at).toISOString()}"` };
  return written.text;
}

function allowed(fields: object): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const key of Object.keys(fields)) {
    if (!ALLOWED.has(key)) continue;
    const value = (fields as Record<string, unknown>)[key]; // Any object can be read by its own keys.
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') kept[key] = value;
  }
  return kept;
}
