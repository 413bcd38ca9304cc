import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Schema, valid, wrong } from '../../../support/json-schema.ts';
import { type Operation, operations } from '../../../support/openapi.ts';
import { startWholeService, TOKENS, type WholeService } from '../support/whole-service.ts';

/** Requests for each operation, beside those that it always gets. FUZZ_RUNS=1000 jest … looks longer; a seed that failed is told, and repeats. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 40);

let whole: WholeService;
let all: Operation[] = [];
beforeAll(async () => {
  whole = await startWholeService({
    policy: { tiers: { standard: { rate: { requests: 1_000_000, windowSeconds: 60 } } } },
  });
  all = operations((await whole.service.app.inject('/docs/json')).json());
}, 60_000);
afterAll(() => whole.stop());

interface Shot {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly payload: string | Buffer | undefined;
}

const CONTENT = { 'content-type': 'application/json' };

/** Bodies that are no request, whatever the operation. */
const RAW: readonly Shot['payload'][] = [
  '',
  '{',
  'null',
  '[]',
  '"x"',
  '{"__proto__":{"a":1}}',
  Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
  `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
  `{"metadata":{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`,
  `{"a":"${'x'.repeat(1_200_000)}"}`,
];

const STRANGE_HEADERS: readonly Record<string, string>[] = [
  {},
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json; charset=latin1' },
  { ...CONTENT, 'content-encoding': 'gzip' },
  { ...CONTENT, accept: 'text/html' },
];

/** What every operation is asked before chance chooses: an identifier that names nothing, and each body and header that is none. */
function always({ path, body }: Operation): [Shot][] {
  const shot = { path: path.replaceAll(/\{\w+\}/g, 'nothing-has-this-name'), headers: CONTENT, payload: undefined };
  if (!body) return [[shot]];
  return [
    ...RAW.map((payload): [Shot] => [{ ...shot, payload }]),
    ...STRANGE_HEADERS.map((headers): [Shot] => [{ ...shot, headers, payload: '{}' }]),
  ];
}

/** Requests by an operation's schema: right ones, nearly right ones, and some that are no request at all. */
function shots(operation: Operation): fc.Arbitrary<Shot> {
  const segment = (schema: Schema) =>
    fc.oneof(
      { weight: 3, arbitrary: valid(schema).map(String) },
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.constantFrom('\0', '..', '%', 'a/b', 'ä', '🛶', 'x'.repeat(3_000), "'; DROP TABLE x; --", '{{7*7}}'),
    );
  const path = fc
    .tuple(...operation.parameters.filter((one) => one.in === 'path').map((one) => segment(one.schema)))
    .map((values) => {
      let at = 0;
      return operation.path.replaceAll(/\{\w+\}/g, () => encodeURIComponent((values[at++] ?? '').toWellFormed()));
    });
  const query = fc
    .record(
      Object.fromEntries(
        operation.parameters.filter((one) => one.in === 'query').map((one) => [one.name, segment(one.schema)]),
      ),
      { requiredKeys: [] },
    )
    .map((values) => new URLSearchParams(values as Record<string, string>).toString());
  const strange = fc.constantFrom('?', '?%', '?%ff=1', '?a[]=1&a=2', '?limit=1&limit=2', '?__proto__=1');
  const url = fc
    .tuple(path, fc.oneof({ weight: 4, arbitrary: query.map((text) => (text === '' ? '' : `?${text}`)) }, strange))
    .map(([one, two]) => one + two);
  const { body } = operation;
  const json = (value: unknown): string | undefined => JSON.stringify(value);
  const raw = fc.constantFrom(...RAW);
  const payload: fc.Arbitrary<Shot['payload']> = body
    ? fc.oneof(
        { weight: 5, arbitrary: valid(body).map(json) },
        { weight: 5, arbitrary: wrong(body).map(json) },
        { weight: 1, arbitrary: raw },
      )
    : fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, raw);
  const headers = fc.oneof({ weight: 8, arbitrary: fc.constant(CONTENT) }, fc.constantFrom(...STRANGE_HEADERS));
  return fc.record({ path: url, headers, payload });
}

async function fire(operation: Operation, { path, headers, payload }: Shot) {
  // The maintenance mode would refuse everything that comes after.
  const body =
    operation.path === '/admin/maintenance'
      ? payload?.toString().replaceAll('"enabled":true', '"enabled":false')
      : payload;
  const carries = operation.method !== 'GET' && body !== undefined;
  return whole.service.app.inject({
    method: operation.method,
    url: path,
    headers: { ...(carries ? headers : {}), authorization: `Bearer ${TOKENS.operator}` },
    ...(carries ? { payload: body } : {}),
  });
}

/** What is wrong with an answer; undefined: nothing. Anthropic's dialect has the request's id beside the error. */
function problemOf({ statusCode, body }: { readonly statusCode: number; readonly body: string }): string | undefined {
  if (statusCode >= 500) return 'it failed by itself';
  if (statusCode < 400) return undefined;
  const { error, request_id: outside } = JSON.parse(body);
  const said = [error?.message, error?.code, error?.cure, error?.request_id ?? outside];
  if (!said.every((part) => typeof part === 'string' && part !== '')) return 'it says too little';
  if (error.status !== undefined && error.status !== statusCode) return 'it says another status';
  if (error.code === 'invalid_request' && typeof error.param !== 'string') return 'it says not where';
  return undefined;
}

describe('whatever is sent', () => {
  it('no operation fails by itself, and every refusal says where, what and what to do', async () => {
    expect(all.length).toBeGreaterThan(35);
    const statuses = new Map<number, number>();
    const failures: string[] = [];
    for (const operation of all) {
      const examples = always(operation);
      const found = await fc.check(
        fc.asyncProperty(shots(operation), async (shot) => {
          const answer = await fire(operation, shot);
          statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
          const problem = problemOf(answer);
          if (problem !== undefined) {
            throw new Error(
              `${problem}: ${answer.statusCode} ${answer.body.slice(0, 400)} for ${String(shot.payload).slice(0, 400)}`,
            );
          }
        }),
        { numRuns: examples.length + RUNS, examples },
      );
      if (!found.failed) continue;
      const [shot] = found.counterexample ?? [];
      failures.push(
        `${operation.method} ${shot?.path.slice(0, 200)} (seed ${found.seed}): ${String(found.errorInstance)}`,
      );
    }
    expect(failures).toEqual([]);
    // It got past the doors: requests were answered, and refused for several reasons.
    expect([...statuses.keys()].sort()).toEqual(expect.arrayContaining([200, 400, 404, 413, 415]));
    expect(statuses.get(200)).toBeGreaterThan(RUNS);
    expect((await whole.service.app.inject('/health/ready')).statusCode).toBe(200);
  }, 300_000);

  it('a stranger gets nothing but 401 where a token is needed', async () => {
    const open = /^\/(health|metrics|docs)|^\/api\/v1\/(health|metrics)\//;
    for (const operation of all.filter(({ path }) => !open.test(path))) {
      for (const authorization of [undefined, 'Bearer nobody', 'Basic eDp5', 'Bearer \u00ff']) {
        const answer = await whole.service.app.inject({
          method: operation.method,
          url: operation.path.replaceAll(/[{}]/g, ''),
          ...(authorization === undefined ? {} : { headers: { authorization } }),
        });
        expect([operation.path, authorization, answer.statusCode]).toEqual([operation.path, authorization, 401]);
      }
    }
  });
});
