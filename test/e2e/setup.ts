import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { keelson, start } from './support/platform.ts';
import teardown from './teardown.ts';

async function bringUp(): Promise<void> {
  const started = await start();
  console.log(started.all);
  if (started.exitCode !== 0) throw new Error('npm start failed; its output is above');
  const ingested = await keelson('ingest', path.join(import.meta.dirname, 'documents'));
  if (ingested.exitCode !== 0) throw new Error(`npm run ingest failed:\n${ingested.all}`);
}

/** Brings one platform up for the whole suite, from an empty state. */
export default async function setup(): Promise<void> {
  process.env.KEELSON_E2E_STATE = mkdtempSync(path.join(tmpdir(), 'keelson-e2e-'));
  try {
    await bringUp();
  } catch (error) {
    // Jest ends without the teardown when the set-up fails.
    await teardown();
    throw error;
  }
}
