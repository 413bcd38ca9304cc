import type { Schema } from './json-schema.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  /** With `{id}` for parameters. */
  readonly path: string;
  readonly summary: string | undefined;
  readonly tags: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  /** By status. */
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly content?: object }>>;
}

interface Document {
  readonly paths: Record<string, Record<string, Record<string, unknown>>>;
}

/** The operations of an OpenAPI document. */
export function operations(document: Document): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, given]) => {
      const body = given.requestBody as { content: Record<string, { schema: Schema }> } | undefined; // By OpenAPI's schema.
      return {
        method: method.toUpperCase() as Operation['method'],
        path,
        summary: given.summary as string | undefined,
        tags: (given.tags ?? []) as readonly string[],
        parameters: (given.parameters ?? []) as readonly Parameter[],
        body: body?.content['application/json']?.schema,
        responses: (given.responses ?? {}) as Operation['responses'],
      };
    }),
  );
}
