import type { FastifySchemaValidationError } from 'fastify/types/schema.js';
import { ApiError } from '../errors/api-error.ts';

/** What the validator adds to its errors when it is asked to be verbose. */
interface VerboseError extends FastifySchemaValidationError {
  readonly data?: unknown;
  readonly parentSchema?: { readonly description?: string };
}

/** Longest value that is worth repeating. */
const LONGEST_QUOTE = 40;

/**
 * Makes one error of what the validator reports: the path of the field, what is wrong with its value, and what the
 * field takes.
 */
export function explainValidation(errors: readonly FastifySchemaValidationError[], where: string): ApiError {
  const found = mostSpecific(errors);
  if (found === undefined) return new ApiError('invalid_request', `the ${where} is not valid`);
  const path = fieldPath(found.instancePath) || where;
  // An entry of a list has no description of its own; that of the field around it says what goes into it.
  const described: VerboseError | undefined = [found, ...errors.toReversed()].find(isDescribed);
  const field = described && (fieldPath(described.instancePath) || where);
  return new ApiError('invalid_request', `${path} ${problem(found)}`, {
    path,
    ...(described !== undefined && { cure: `Send ${field} as ${described.parentSchema?.description}.` }),
  });
}

function isDescribed(error: VerboseError): boolean {
  return error.parentSchema?.description !== undefined;
}

/** `/inputs/0/shape` as `inputs[0].shape`. */
export function fieldPath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part.replaceAll('~1', '/').replaceAll('~0', '~')}`))
    .join('')
    .replace(/^\./, '');
}

/**
 * Where several shapes are allowed, the validator reports each of them. The one that got furthest into the value is
 * the one that was meant; where none got into it, the choice itself is what to report.
 */
function mostSpecific(errors: readonly VerboseError[]): VerboseError | undefined {
  const depth = ({ instancePath }: VerboseError): number[] =>
    instancePath.split('/').map((part) => (/^\d+$/.test(part) ? Number(part) : 0));
  let best = errors.at(-1);
  for (const error of errors) {
    if (best === undefined) continue;
    const [a, b] = [depth(error), depth(best)];
    const further = a.length > b.length || (a.length === b.length && a.some((value, i) => value > (b[i] ?? 0)));
    if (further) best = error;
  }
  return best;
}

function problem(error: VerboseError): string {
  const { keyword, params, message } = error;
  if (keyword === 'required') return `lacks the field "${String(params.missingProperty)}"`;
  if (keyword === 'anyOf') return `is ${describe(error.data)}, which is none of the forms that it takes`;
  if (keyword === 'enum' && Array.isArray(params.allowedValues)) {
    return `is ${quote(error.data)}, which is not one of ${params.allowedValues.join(', ')}`;
  }
  return `is ${describe(error.data)}: it ${message ?? 'is not valid'}`;
}

/** The kind of a value; texts are not repeated, they are what people send to be embedded. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
}

function quote(value: unknown): string {
  return typeof value === 'string' && value.length <= LONGEST_QUOTE ? JSON.stringify(value) : describe(value);
}
