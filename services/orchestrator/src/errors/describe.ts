/**
 * What can be said about an error without repeating a message: messages of databases, parsers and upstreams quote what they
 * were given, which may be a prompt, a document or a key.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const code = codeOf(error) ?? (error.cause instanceof Error ? codeOf(error.cause) : undefined);
  // Many libraries name only the class.
  const name = error.name === 'Error' ? error.constructor.name : error.name;
  return code === undefined ? name : `${name} ${code}`;
}

/** The stack without its message. */
export function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.stack === undefined) return undefined;
  return error.stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12)
    .join('\n');
}

/** A short machine code such as ECONNREFUSED, 28P01 or 14, where the error has one. */
export function codeOf(error: Error): string | undefined {
  const code: unknown = 'code' in error ? error.code : undefined;
  if (typeof code === 'number') return String(code);
  if (typeof code === 'string' && /^[\w.-]{1,64}$/.test(code)) return code;
  // Node collects the failures of all addresses of a name in one error without a message.
  if (error instanceof AggregateError) {
    for (const inner of error.errors) if (inner instanceof Error) return codeOf(inner);
  }
  return undefined;
}
