import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { keelson, start } from './support/platform.ts';

/** Brings one platform up for the whole suite, from an empty state. */
export default async function setup(): Promise<void> {
  process.env.KEELSON_E2E_STATE = mkdtempSync(path.join(tmpdir(), 'keelson-e2e-'));
  const started = await start();
  console.log(started.all);
  if (started.exitCode !== 0) throw new Error('npm start failed; its output is above');
  const ingested = await keelson('ingest', path.join(import.meta.dirname, 'documents'));
  if (ingested.exitCode !== 0) throw new Error(`npm run ingest failed:\n${ingested.all}`);
}
