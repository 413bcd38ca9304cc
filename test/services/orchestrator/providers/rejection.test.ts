import { describe, expect, it } from '@jest/globals';
import { rejection, retryAfter } from '../../../../services/orchestrator/src/providers/rejection.ts';

const headers = (given: Readonly<Record<string, string>>) => (name: string) => given[name];
const of = (status: number, body: unknown = {}, given: Readonly<Record<string, string>> = {}) =>
  rejection('cloud', status, headers(given), JSON.stringify(body));

describe('rejection', () => {
  it.each([
    [400, 'upstream_rejected', 400],
    [401, 'upstream_credentials', 502],
    [402, 'upstream_credentials', 502],
    [403, 'upstream_credentials', 502],
    [404, 'upstream_failed', 502],
    [408, 'upstream_timeout', 504],
    [413, 'upstream_rejected', 413],
    [422, 'upstream_rejected', 400],
    [429, 'upstream_rate_limited', 429],
    [500, 'upstream_failed', 502],
    [504, 'upstream_timeout', 504],
    [529, 'upstream_failed', 502],
  ])('status %i is %s, answered with %i', (status, code, answered) => {
    expect(of(status)).toMatchObject({ code, statusCode: answered });
  });

  it('passes on the name of a parameter and a code that are known, and nothing else', () => {
    const known = of(400, { error: { message: 'canary', code: 'unsupported_value', param: 'temperature' } });
    expect(known.toBody().error).toMatchObject({ param: 'body.temperature' });
    expect(known.message).toContain('unsupported_value');
    const unknown = of(400, { error: { message: 'canary', code: 'canary', param: 'canary' } });
    expect(JSON.stringify(unknown.toBody())).not.toContain('canary');
  });

  it('takes an exhausted account for a matter of credentials: waiting does not help', () => {
    expect(of(429, { error: { code: 'insufficient_quota' } }).code).toBe('upstream_credentials');
  });
});

describe('retryAfter', () => {
  it.each([
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after-ms': '1500', 'retry-after': '2' }, 1.5],
    [{ 'retry-after': new Date(Date.UTC(2026, 10, 21, 12, 0, 30)).toUTCString() }, 30],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-3' }, undefined],
    [{ 'retry-after': '999999999' }, undefined],
    [{}, undefined],
  ])('%j is %p', (given, seconds) => {
    expect(retryAfter(headers(given), Date.UTC(2026, 10, 21, 12))).toBe(seconds);
  });
});
