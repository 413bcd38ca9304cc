import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';

const images = join(import.meta.dirname, '../../../local/images');
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keelson-scripts-'));
  await mkdir(join(folder, 'bin'));
  await mkdir(join(folder, 'data'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A stand-in for a program: a shell script that notes how it was called. */
async function program(name: string, body = ''): Promise<void> {
  await writeFile(join(folder, 'bin', name), `#!/bin/sh\necho "${name} $*" >> ${folder}/calls\n${body}\n`);
  await chmod(join(folder, 'bin', name), 0o755);
}

async function calls(): Promise<string> {
  return readFile(join(folder, 'calls'), 'utf8').catch(() => '');
}

describe('docker-entrypoint.sh of postgres', () => {
  const run = (env: Record<string, string> = {}) =>
    execa('sh', [join(images, 'postgres/docker-entrypoint.sh'), 'postgres', '-c', 'port=1'], {
      reject: false,
      env: {
        PATH: `${folder}/bin:/usr/bin:/bin`,
        PGDATA: `${folder}/data/pgdata`,
        POSTGRES_PASSWORD: 'secret',
        ...env,
      },
      extendEnv: false,
    });
  beforeEach(async () => {
    await program('initdb', 'mkdir -p "$PGDATA"; echo 15 > "$PGDATA/PG_VERSION"; [ ! -e "$0.kill" ] || kill -9 $PPID');
    for (const name of ['pg_ctl', 'psql', 'postgres', 'sync']) await program(name);
  });

  it('makes the database once and then only starts it', async () => {
    const first = await run({ POSTGRES_USER: 'keelson', POSTGRES_DB: 'rag' });
    expect(first.exitCode).toBe(0);
    expect(await calls()).toContain('initdb --username=keelson');
    expect(await calls()).toContain('--set=name=rag');
    expect(await readdir(join(folder, 'data'))).toEqual(['pgdata']);
    expect(await calls()).not.toContain('secret');
    await rm(join(folder, 'calls'));
    await run();
    expect(await calls()).toBe('postgres -c port=1\n');
  });

  it('does not wait for clients when it is to end, and ends as the server does', async () => {
    await run();
    // A server that SIGTERM alone does not end while it has clients. A shell could not be it: in the background it is deaf to SIGINT.
    const server =
      "process.on('SIGINT', () => process.exit(3)).on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')";
    await program('postgres', `exec ${process.execPath} -e "${server}"`);
    const entrypoint = execa('sh', [join(images, 'postgres/docker-entrypoint.sh'), 'postgres'], {
      reject: false,
      env: { PATH: `${folder}/bin:/usr/bin:/bin`, PGDATA: `${folder}/data/pgdata` },
      extendEnv: false,
    });
    for await (const line of entrypoint.iterable()) if (line === 'ready') entrypoint.kill('SIGTERM');
    expect((await entrypoint).exitCode).toBe(3);
  });

  it('starts afresh after it was killed while making the database', async () => {
    await writeFile(join(folder, 'bin/initdb.kill'), '');
    const killed = await run();
    expect(killed.signal).toBe('SIGKILL');
    expect(await readdir(join(folder, 'data'))).toEqual(['pgdata.initialising']);
    await rm(join(folder, 'bin/initdb.kill'));
    expect((await run()).exitCode).toBe(0);
    expect(await readdir(join(folder, 'data'))).toEqual(['pgdata']);
  });

  it('takes the password from a file, and refuses none, two, and a file that cannot be read', async () => {
    await writeFile(join(folder, 'password'), 'from-file\n');
    expect((await run({ POSTGRES_PASSWORD: '', POSTGRES_PASSWORD_FILE: `${folder}/password` })).exitCode).toBe(0);
    await rm(join(folder, 'data/pgdata'), { recursive: true });
    expect((await run({ POSTGRES_PASSWORD: '' })).stderr).toContain('no password: set POSTGRES_PASSWORD_FILE');
    expect((await run({ POSTGRES_PASSWORD_FILE: `${folder}/password` })).stderr).toContain('both set');
    expect((await run({ POSTGRES_PASSWORD: '', POSTGRES_PASSWORD_FILE: '/nowhere' })).stderr).toContain(
      '/nowhere cannot be read',
    );
    expect(await readdir(join(folder, 'data'))).toEqual([]);
  });

  it('never replaces a folder that holds something else', async () => {
    await mkdir(join(folder, 'data/pgdata'));
    await writeFile(join(folder, 'data/pgdata/precious'), '');
    const result = await run();
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('is no database and not empty');
    expect(await readdir(join(folder, 'data/pgdata'))).toEqual(['precious']);
  });
});

describe('serve.sh of mcp', () => {
  const run = async (name: string, args: readonly string[]) => {
    await writeFile(join(folder, 'bin', name), await readFile(join(images, 'mcp/serve.sh')));
    return execa('sh', [join(folder, 'bin', name), ...args], {
      reject: false,
      env: { PATH: `${folder}/bin:/usr/bin:/bin` },
      extendEnv: false,
    });
  };
  beforeEach(async () => {
    await program('node');
    await program('git');
  });

  it.each([
    ['mcp-filesystem', 'server-filesystem/dist/index.js'],
    ['mcp-memory', 'server-memory/dist/index.js'],
    ['mcp-git', 'mcp_server_git --repository'],
  ])('%s serves on the port with health and a limit to sessions', async (name, server) => {
    expect((await run(name, ['--port', '3001', '--root', join(folder, 'data')])).exitCode).toBe(0);
    const called = await calls();
    expect(called).toContain(server);
    expect(called).toMatch(
      /--stateful --sessionTimeout \d+ --port 3001 --streamableHttpPath \/mcp --healthEndpoint \/healthz/,
    );
    expect(called.includes('git init')).toBe(name === 'mcp-git');
  });

  it.each([
    [['--port', '3001'], 'are needed'],
    [['--port', '3001', '--root', '/nowhere'], 'has to be a folder'],
    [['--prot', '3001'], 'unknown argument "--prot"'],
  ])('refuses %j', async (args, message) => {
    const result = await run('mcp-filesystem', args);
    expect(result.exitCode).toBe(64);
    expect(result.stderr).toContain(message);
    expect(await calls()).toBe('');
  });

  it('refuses a folder whose name a shell would take apart', async () => {
    await mkdir(join(folder, 'data/$(touch x)'));
    const result = await run('mcp-filesystem', ['--port', '3001', '--root', join(folder, 'data/$(touch x)')]);
    expect(result.exitCode).toBe(64);
    expect(await calls()).toBe('');
  });
});
