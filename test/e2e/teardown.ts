import { rmSync } from 'node:fs';
import { keelson, state } from './support/platform.ts';

/** Ends the suite's platform and removes its state. */
export default async function teardown(): Promise<void> {
  const stopped = await keelson('stop');
  if (stopped.exitCode !== 0) throw new Error(`npm stop failed:\n${stopped.all}`);
  rmSync(state(), { recursive: true, force: true });
}
