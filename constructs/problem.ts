/**
 * A wiring mistake, found at synth. Constructs collect problems as validation errors, which cdk8s shows with the construct's path.
 */
export interface Problem {
  /** The field at fault, seen from the construct that reports it, for example `memory.limit`. */
  readonly path: string;
  /** What was found there. */
  readonly value: unknown;
  /** What to do about it: an order, not a complaint. */
  readonly cure: string;
}

/** One line with path, value and cure. */
export function problem({ path, value, cure }: Problem): string {
  return `${path} is ${typeof value === 'string' ? `"${value}"` : JSON.stringify(value)}: ${cure}`;
}

/** Raised where a construct cannot even be made, so that collecting the problem for later is no choice. */
export class WiringError extends Error {
  readonly problem: Problem;

  constructor(constructPath: string, what: Problem) {
    super(`[${constructPath}] ${problem(what)}`);
    this.name = 'WiringError';
    this.problem = what;
  }
}
