import { existsSync, readFileSync } from 'node:fs';
import { clusterLayout } from './cluster/layout.ts';
import { lastRelays } from './cluster/relays.ts';
import { exitCodes, Failure } from './failure.ts';
import type { Paths } from './paths.ts';
import { chosenPaths, readChoice } from './start/choice.ts';
import { lastForwards } from './start/forward-record.ts';

// Neither fetch nor an import of node:http, whose WebSocket and the like load fetch's library when a module imports them: that
// takes a sixth of the time that `ask` has.
const { request } = process.getBuiltinModule('node:http');

/** Where the orchestrator answers, and with which token. */
export interface Api {
  readonly url: URL;
  readonly token: string;
}

/** What came back, whatever its status. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

const defaultPort = 8000;

/** Port of the orchestrator on this machine: the one of the last start, else the usual one. */
function localPort(paths: Paths): number {
  const folder = chosenPaths(paths).state;
  const relays = readChoice(paths).kind === 'embedded' ? lastRelays(clusterLayout(folder)) : lastForwards(folder);
  return relays.find(({ name }) => name === 'orchestrator')?.port ?? defaultPort;
}

/**
 * @param url - address of another orchestrator; its token is read from KEELSON_API_TOKEN. @default - the local platform
 * @throws Failure when there is no token: the platform was never started
 */
export function findApi(paths: Paths, url?: string, env: NodeJS.ProcessEnv = process.env): Api {
  if (url !== undefined) {
    if (!URL.canParse(url) || !url.startsWith('http://')) {
      throw new Failure({
        path: '--url',
        value: `"${url}" is not an http address`,
        cure: 'Use one such as http://127.0.0.1:8000',
        exitCode: exitCodes.usage,
      });
    }
    return { url: new URL(url), token: env.KEELSON_API_TOKEN ?? '' };
  }
  const address = new URL(`http://127.0.0.1:${localPort(paths)}`);
  const { apiToken } = chosenPaths(paths);
  if (!existsSync(apiToken)) throw notRunning(address, 'not started on this machine');
  return { url: address, token: readFileSync(apiToken, 'utf8').trim() };
}

function notRunning(url: URL, value: string): Failure {
  return new Failure({
    path: url.origin,
    value: `the platform is ${value}`,
    cure: 'Start it: npm start',
    exitCode: exitCodes.unavailable,
  });
}

/** The caller of {@link send} gave up. */
const timeoutSeconds = 120;

/**
 * @throws Failure when nothing answers
 */
export async function send(
  api: Api,
  method: 'POST' | 'GET' | 'PUT' | 'DELETE',
  path: string,
  content?: unknown,
): Promise<ApiAnswer> {
  const payload = content === undefined ? undefined : Buffer.from(JSON.stringify(content));
  const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>();
  const outgoing = request(new URL(path, api.url), {
    method,
    timeout: timeoutSeconds * 1000,
    agent: false,
    headers: {
      authorization: `Bearer ${api.token}`,
      ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
    },
  });
  outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutSeconds} s`)));
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    const gone = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code ?? '');
    reject(notRunning(api.url, gone ? 'not running' : `not answering (${error.message})`));
  });
  outgoing.on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', () => reject(notRunning(api.url, 'gone in the middle of its answer')));
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      let body: unknown = text;
      try {
        body = JSON.parse(text);
      } catch {
        // Something else than the orchestrator answers; describeError() shows its words.
      }
      resolve({ status: response.statusCode ?? 0, body });
    });
  });
  outgoing.end(payload);
  return promise;
}

/** What the orchestrator's errors look like; any other body is shown as it is. */
interface ErrorBody {
  readonly error?: { readonly message?: string; readonly cure?: string };
}

/** The error in an answer, as value and cure. */
export function describeError({ status, body }: ApiAnswer): { readonly value: string; readonly cure: string } {
  // Every field is optional and checked.
  const error = typeof body === 'object' && body !== null ? (body as ErrorBody).error : undefined;
  const fallback = typeof body === 'string' ? body.slice(0, 200) : '';
  return {
    value: `${status} ${error?.message ?? fallback}`.trim(),
    cure: error?.cure ?? (status >= 500 ? 'See its state with: npm run status' : 'Check the request'),
  };
}

/** @throws Failure for every status but 2xx */
export async function call(
  api: Api,
  method: 'POST' | 'GET' | 'DELETE',
  path: string,
  content?: unknown,
): Promise<unknown> {
  const answer = await send(api, method, path, content);
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  const exitCode = answer.status >= 500 ? exitCodes.unavailable : exitCodes.failed;
  throw new Failure({ path: `${method} ${new URL(path, api.url).href}`, ...describeError(answer), exitCode });
}
