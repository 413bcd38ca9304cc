import { defaultThreads } from './cgroup.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Config {
  /** PORT, @default 8080 */
  readonly port: number;
  /** HOST, the address to listen on, @default 0.0.0.0 */
  readonly host: string;
  /** MODEL_DIR, with folders `<name>/<version>`, @default /models */
  readonly modelDir: string;
  /** MAX_QUEUE, texts that may wait, @default 4096 */
  readonly maxQueue: number;
  /** MAX_BATCH_TOKENS, padding included, @default 1024 */
  readonly maxBatchTokens: number;
  /** MAX_BODY_BYTES of a request, @default 8388608 */
  readonly maxBodyBytes: number;
  /** REQUEST_TIMEOUT_SECONDS, in the queue and in a worker together, @default 30 */
  readonly requestTimeoutSeconds: number;
  /** SHUTDOWN_GRACE_SECONDS from SIGTERM to the end, @default 25 */
  readonly shutdownGraceSeconds: number;
  /** THREADS that compute, @default - the CPU quota of the container */
  readonly threads: number;
  /** LOG_LEVEL, @default info */
  readonly logLevel: LogLevel;
}

/** The environment cannot be used; it lists every mistake, not the first. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(['the environment cannot be used:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
    this.problems = problems;
  }
}

/**
 * The only reader of environment variables.
 *
 * @throws ConfigError with all mistakes at once
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const text = (key: string, fallback: string): string => env[key] || fallback;
  const whole = (key: string, fallback: () => number, min: number, max: number): number => {
    const raw = env[key];
    if (raw === undefined || raw === '') return fallback();
    const value = Number(raw);
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    problems.push(`${key}="${raw}" is not a whole number from ${min} to ${max}. Correct it, or leave it out.`);
    return fallback();
  };
  const level = text('LOG_LEVEL', 'info');
  const logLevel = LOG_LEVELS.find((known) => known === level);
  if (logLevel === undefined) problems.push(`LOG_LEVEL="${level}" is not one of ${LOG_LEVELS.join(', ')}.`);

  const config: Config = {
    port: whole('PORT', () => 8080, 0, 65_535),
    host: text('HOST', '0.0.0.0'),
    modelDir: text('MODEL_DIR', '/models'),
    maxQueue: whole('MAX_QUEUE', () => 4096, 1, 1_000_000),
    maxBatchTokens: whole('MAX_BATCH_TOKENS', () => 1024, 1, 1_000_000),
    maxBodyBytes: whole('MAX_BODY_BYTES', () => 8 * 1024 * 1024, 1024, 256 * 1024 * 1024),
    requestTimeoutSeconds: whole('REQUEST_TIMEOUT_SECONDS', () => 30, 1, 3600),
    shutdownGraceSeconds: whole('SHUTDOWN_GRACE_SECONDS', () => 25, 1, 3600),
    threads: whole('THREADS', defaultThreads, 1, 1024),
    logLevel: logLevel ?? 'info',
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}
