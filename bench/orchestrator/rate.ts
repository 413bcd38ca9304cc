import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { LoadOrder } from './load.ts';
import type { Command } from './tools.ts';

/** How many requests were answered. */
export interface Rate {
  readonly requests: number;
  readonly seconds: number;
  readonly failures: number;
  readonly firstFailure: string | undefined;
}

/** What wrk is told in its own language: the request, and in which form to say what came of it. */
const SCRIPT = `
done = function(summary)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"microseconds":%d,"status":%d,"connections":%d}\\n',
    summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout))
end
`;

/**
 * Sends as many requests as are answered, by wrk (https://github.com/wg/wrk): one thread, which takes little of the processor.
 *
 * @param order.seconds A whole number.
 */
export async function rate([program, ...args]: Command, order: LoadOrder): Promise<Rate> {
  const dir = mkdtempSync(path.join(tmpdir(), 'keelson-bench-wrk-'));
  try {
    const headers = Object.entries({ 'content-type': 'application/json', ...order.headers });
    const request = [
      'wrk.method = "POST"',
      `wrk.body = [==[${order.body}]==]`,
      ...headers.map(([name, value]) => `wrk.headers["${name}"] = [==[${value}]==]`),
    ];
    const script = path.join(dir, 'request.lua');
    writeFileSync(script, [...request, SCRIPT].join('\n'));
    const running = promisify(execFile)(program, [
      ...args,
      '--threads=1',
      `--connections=${order.connections}`,
      `--duration=${order.seconds}s`,
      `--script=${script}`,
      `http://127.0.0.1:${order.port}${order.path}`,
    ]);
    const kill = () => running.child.kill();
    process.once('exit', kill);
    const { stdout } = await running.finally(() => process.off('exit', kill));
    const last = stdout.trim().split('\n').at(-1) ?? '';
    const { requests, microseconds, status, connections } = JSON.parse(last) as Summary;
    const failures = status + connections;
    return {
      requests: requests - status,
      seconds: microseconds / 1e6,
      failures,
      firstFailure: failures > 0 ? `${status} answers were no success, ${connections} connections broke` : undefined,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What {@link SCRIPT} writes. */
interface Summary {
  readonly requests: number;
  readonly microseconds: number;
  readonly status: number;
  readonly connections: number;
}
