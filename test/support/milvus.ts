import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgress } from '../../local/progress.ts';
import { ensurePython } from '../../local/toolchain/python.ts';
import { end, eventually, freePort, removeScratch } from './processes.ts';

/** A real Milvus Lite: the Milvus project's own server in one process. */
export interface TestMilvus {
  readonly url: string;
  kill(): Promise<void>;
  /** Starts it again on the same port, with the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const REQUIREMENTS = join(import.meta.dirname, '../../local/images/milvus-lite/requirements.txt');

/** The server needs only the protocol of its client library, whose own start would load pandas and more. */
const MAIN = `
import importlib.util, sys, types
client = types.ModuleType('pymilvus')
client.__path__ = list(importlib.util.find_spec('pymilvus').submodule_search_locations)
sys.modules['pymilvus'] = client
from milvus_lite.cmdline import main
sys.exit(main())
`;

/** The packages are those of the image, fetched into the cache at the first use. */
export async function startMilvus(): Promise<TestMilvus> {
  const progress = createProgress();
  const python = await ensurePython(
    { name: 'milvus-lite', requirements: REQUIREMENTS, listed: true, expectedSeconds: 40 },
    { progress },
  );
  progress.stop();
  const dir = mkdtempSync(join(tmpdir(), 'keelson-milvus-'));
  const port = await freePort();
  const args = ['-c', MAIN, 'server', '--data-dir', join(dir, 'data'), '--host', '127.0.0.1', '--port', String(port)];
  const run = async () => {
    // As who runs the tests: the interpreter may lie where nobody else can read.
    const child = spawn(python, args, { cwd: dir, stdio: 'ignore' });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    await eventually(
      () =>
        new Promise<void>((resolve, reject) => {
          const socket = connect(port, '127.0.0.1', () => {
            socket.destroy();
            resolve();
          });
          socket.once('error', reject);
        }),
      60_000,
    );
    return child;
  };
  let child = await run();
  return {
    url: `http://127.0.0.1:${port}`,
    kill: () => end(child, 'SIGKILL'),
    restart: async () => {
      child = await run();
    },
    stop: async () => {
      await end(child, 'SIGKILL');
      removeScratch(dir);
    },
  };
}
