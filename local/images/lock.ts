import { mkdir } from 'node:fs/promises';
import { lock } from 'proper-lockfile';

/** Runs an action while no other process runs one on the same folder; waits for its turn. The lock of a killed process expires. */
export async function locked<T>(folder: string, action: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true });
  const release = await lock(folder, {
    stale: 15_000,
    update: 3_000,
    retries: { retries: 3600, minTimeout: 500, maxTimeout: 500, factor: 1 },
  });
  try {
    return await action();
  } finally {
    await release();
  }
}

/** Lets at most so many actions run at a time; the others wait in order. */
export function limiter(limit: number): <T>(action: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (action) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await action();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
