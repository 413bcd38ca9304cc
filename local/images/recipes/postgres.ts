import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeRecipe } from '../recipe.ts';
import { copy, prune } from '../tree.ts';

const entrypoint = join(import.meta.dirname, '../postgres/docker-entrypoint.sh');
const sample = 'usr/share/postgresql/15/postgresql.conf.sample';

/** PostgreSQL 15 with a start script that takes the same variables as the official image's. */
export const postgres: TreeRecipe = {
  kind: 'tree',
  name: 'postgres',
  version: { debian: 'postgresql-15' },
  from: ['base'],
  packages: ['postgresql-15', 'postgresql-client-15'],
  // LLVM serves compilation of queries alone, which the server does without when the library is missing.
  without: ['libllvm14', 'libz3-4', 'libedit2', 'postgresql-common', 'postgresql-client-common', 'ssl-cert', 'openssl'],
  inputs: () => [entrypoint],
  defaults: {
    env: {
      PATH: '/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      PGDATA: '/data/pgdata',
      // Where a client in the container finds the server: Debian's default folder cannot be written there.
      PGHOST: '/tmp',
    },
    entrypoint: ['docker-entrypoint.sh'],
    command: ['postgres'],
  },
  build: async ({ root }) => {
    await copy(entrypoint, root, 'usr/local/bin/docker-entrypoint.sh', 0o755);
    await prune(root, ['usr/lib/postgresql/15/lib/llvmjit*', 'usr/lib/postgresql/15/lib/bitcode']);
    // Only /data and /tmp can be written, and other pods are to reach it.
    const settings =
      "listen_addresses = '*'\nunix_socket_directories = '/tmp'\njit = off\nlog_timezone = 'Etc/UTC'\ntimezone = 'Etc/UTC'\n";
    await writeFile(join(root, sample), `${await readFile(join(root, sample), 'utf8')}\n${settings}`);
  },
};
