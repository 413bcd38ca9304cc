/** The load generator, a process of its own: the one that starts it stays idle and can look at the side. */
import { Connection, request, type Timing } from './client.ts';

/** What to send, and for how long. */
export interface LoadOrder {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

/** What came of it. Times in milliseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly failures: number;
  readonly firstFailure: string | undefined;
  readonly whole: Spread;
  readonly firstByte: Spread;
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
}

export async function load({ port, path, headers, body, connections, seconds }: LoadOrder): Promise<LoadResult> {
  const bytes = request(path, headers, body);
  const wholes: number[] = [];
  const firsts: number[] = [];
  let failures = 0;
  let firstFailure: string | undefined;
  const started = performance.now();
  const until = started + seconds * 1000;
  const work = async (): Promise<void> => {
    while (performance.now() < until) {
      const connection = await Connection.open(port);
      // Until the time is over, or the connection of no use any more.
      await new Promise<void>((resolve) => {
        const onFailure = (error: Error): void => {
          failures += 1;
          firstFailure ??= error.message;
          resolve();
        };
        const onAnswer = ({ whole, firstByte }: Timing): void => {
          wholes.push(whole);
          firsts.push(firstByte);
          if (performance.now() < until) connection.send(bytes, onAnswer, onFailure);
          else resolve();
        };
        connection.send(bytes, onAnswer, onFailure);
      });
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return {
    requests: wholes.length,
    seconds: (performance.now() - started) / 1000,
    failures,
    firstFailure,
    whole: spread(wholes),
    firstByte: spread(firsts),
  };
}

export function spread(times: readonly number[]): Spread {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

if (process.send) {
  process.on('message', (order: LoadOrder) => {
    void load(order).then((result) => process.send?.(result));
  });
  process.on('disconnect', () => process.exit(0));
}
