import type { CheckSpec, Platform } from '../../stacks/platforms/platform.ts';
import { type ApiAnswer, send } from '../api.ts';
import type { Relay } from '../cluster/relays.ts';

/** How a check ended. */
export interface CheckResult {
  readonly check: CheckSpec;
  /** What was wrong with the answer; absent where it was as it should be. */
  readonly problem?: string;
}

/** What is wrong with an answer; undefined when it is as it should be. */
export function problemOf({ status = 200, has }: CheckSpec, answer: ApiAnswer): string | undefined {
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  if (answer.status !== status) return `${answer.status} instead of ${status}: ${text.slice(0, 300)}`;
  return has === undefined || text.includes(has) ? undefined : `"${has}" is not in the answer: ${text.slice(0, 300)}`;
}

/** Asks what the platform has to answer, one after another, through the ports of this machine. */
export async function smokeTest(
  platform: Platform,
  relays: readonly Relay[],
  token: string,
  onCheck: (check: CheckSpec) => void = () => undefined,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of platform.checks) {
    onCheck(check);
    const port = relays.find(({ name }) => name === check.component)?.port;
    const problem =
      port === undefined
        ? `no port of this machine leads to ${check.component}`
        : problemOf(check, await ask(check, port, token));
    results.push({ check, ...(problem !== undefined && { problem }) });
  }
  return results;
}

async function ask({ method = 'GET', path, body }: CheckSpec, port: number, token: string): Promise<ApiAnswer> {
  try {
    return await send({ url: new URL(`http://127.0.0.1:${port}`), token }, method, path, body);
  } catch (error) {
    return { status: 0, body: error instanceof Error ? error.message : String(error) };
  }
}
