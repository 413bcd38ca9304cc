import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Schema, valid } from '../../../support/json-schema.ts';
import { type Operation, operations } from '../../../support/openapi.ts';
import { startWholeService, TOKENS, type WholeService } from '../support/whole-service.ts';

let whole: WholeService;
let all: Operation[];
beforeAll(async () => {
  whole = await startWholeService({
    policy: { tiers: { standard: { rate: { requests: 1_000_000, windowSeconds: 60 } } } },
  });
  all = operations((await whole.service.app.inject('/docs/json')).json());
}, 60_000);
afterAll(() => whole.stop());

const JSON_TYPE = { 'content-type': 'application/json' };
const NOBODY = '00000000-0000-4000-8000-000000000000';

/** A value that the schema of a parameter allows. */
const example = (schema: Schema): string => String(fc.sample(valid(schema), { numRuns: 1, seed: 7 })[0]);
const send = (
  operation: Operation,
  payload: string | Buffer | undefined,
  headers: object = JSON_TYPE,
  path?: string,
) => {
  const parameters = operation.parameters.filter((one) => one.in === 'path');
  const url =
    path ??
    parameters.reduce(
      (text, { name, schema }) => text.replace(`{${name}}`, encodeURIComponent(example(schema))),
      operation.path,
    );
  return whole.service.app.inject({
    method: operation.method,
    url,
    headers: { ...headers, authorization: `Bearer ${TOKENS.operator}` },
    ...(payload === undefined ? {} : { payload }),
  });
};
const told = async (answer: ReturnType<typeof send>) => {
  const { statusCode, body } = await answer;
  const { error } = JSON.parse(body);
  expect([error?.message, error?.cure]).toEqual([expect.stringMatching(/\w{3}/), expect.stringMatching(/\w{3}/)]);
  return [statusCode, error.param];
};
const withBody = () => all.filter(({ body }) => body !== undefined);
/** A body that the schema allows. The maintenance mode stays off: it would refuse everything that comes after. */
const right = ({ path, body = {} }: Operation): object => {
  const [value] = fc.sample(valid(body), { numRuns: 1, seed: 7 });
  return { ...(value as object), ...(path === '/admin/maintenance' ? { enabled: false } : {}) };
};

describe('every endpoint with a body', () => {
  it('refuses one that is missing, and names each field that has to be there', async () => {
    for (const operation of withBody()) {
      expect([operation.path, ...(await told(send(operation, undefined, {})))]).toEqual([operation.path, 400, 'body']);
      const required = operation.body?.required ?? [];
      if (required.length === 0) continue;
      const { body } = await send(operation, '{}');
      const { error } = JSON.parse(body);
      const named = error.details.map(({ path }: { path: string }) => path);
      expect([operation.path, named]).toEqual([
        operation.path,
        expect.arrayContaining(required.map((field) => `body.${field}`)),
      ]);
    }
  });

  it('refuses a wrong type in any field, and says in which', async () => {
    for (const operation of withBody()) {
      const allowed = right(operation);
      for (const field of Object.keys(operation.body?.properties ?? {})) {
        const refused: unknown[] = [];
        for (const value of [5.5, 'x', true, {}, [], [[]]]) {
          const answer = await send(
            operation,
            JSON.stringify({ ...allowed, [field]: field === 'enabled' && value === true ? 1 : value }),
          );
          if (answer.statusCode !== 400) continue;
          const { error } = answer.json();
          refused.push(...(error.details ?? []).map(({ path }: { path: string }) => path));
        }
        const found = refused.some((path) => String(path).startsWith(`body.${field}`));
        expect([operation.path, field, found]).toEqual([operation.path, field, true]);
      }
    }
  });

  it('refuses what is too large, no UTF-8, no JSON, or no JSON by its type', async () => {
    const large = `{"a":"${'x'.repeat(20 * 1024 * 1024)}"}`;
    const halves = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    for (const operation of withBody()) {
      const statuses = [
        (await told(send(operation, large)))[0],
        (await told(send(operation, halves)))[0],
        (await told(send(operation, '{"a":')))[0],
        (await told(send(operation, '{}', { 'content-type': 'text/plain' })))[0],
      ];
      expect([operation.path, statuses]).toEqual([operation.path, [413, 400, 400, 415]]);
    }
  }, 120_000);
});

describe('every endpoint with an id', () => {
  it('refuses one that is none, and does not know one that nobody has', async () => {
    const ided = all.filter(({ parameters }) =>
      parameters.some(({ schema }) => schema.pattern?.startsWith('^[0-9a-f]{8}-')),
    );
    expect(ided.length).toBeGreaterThanOrEqual(4);
    for (const operation of ided.filter(({ path }) => path.includes('{id}'))) {
      // As many answers as samples, whatever the generator made.
      const body = operation.body && JSON.stringify({ ...right(operation), expected: undefined });
      const headers = body === undefined ? {} : JSON_TYPE;
      const at = (id: string) => told(send(operation, body, headers, operation.path.replace('{id}', id)));
      expect([operation.path, ...(await at('abc'))]).toEqual([operation.path, 400, 'params.id']);
      expect([operation.path, (await at(NOBODY))[0]]).toEqual([operation.path, 404]);
    }
  });
});
