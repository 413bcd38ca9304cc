import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { end, eventually, freePort } from '../../test/support/processes.ts';
import type { Cleanup } from './cleanup.ts';
import type { Server } from './servers.ts';
import type { Command } from './tools.ts';

/** A provider that answers at once, always the same: what is measured behind it is the gateway. */
export interface Provider {
  /** Whole answers. */
  readonly whole: Server;
  /** Streams, an event at a time. */
  readonly streams: Server;
}

/** Whole answers come from nginx, streams from a program of our own: nginx sends what it has in one piece. */
export async function startProvider(nginx: Command, cleanup: Cleanup): Promise<Provider> {
  const streams = await startStreams(cleanup);
  const answer = await fetch(`http://127.0.0.1:${streams.port}/`, { method: 'POST', body: '{}' });
  return { whole: await startWhole(nginx, await answer.text(), cleanup), streams };
}

async function startStreams(cleanup: Cleanup): Promise<Server> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'mock.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanup.add(() => end(child, 'SIGKILL'));
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(Number(text)));
    child.once('exit', (code) => reject(new Error(`the provider of streams ended with ${code}`)));
  });
  return { port, process: child };
}

/** @param answer JSON without what nginx takes for a variable or the end of a text. */
async function startWhole([program, ...args]: Command, answer: string, cleanup: Cleanup): Promise<Server> {
  if (/[$'\\]/.test(answer)) throw new Error(`nginx cannot be told to answer ${answer}`);
  const dir = mkdtempSync(path.join(tmpdir(), 'keelson-bench-nginx-'));
  cleanup.add(() => rmSync(dir, { recursive: true, force: true }));
  const port = await freePort();
  // Its own folders, which it wants although it writes to none of them.
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${dir}/${kind};`,
  );
  writeFileSync(
    `${dir}/nginx.conf`,
    [
      // It would become another user, who may not be there.
      process.getuid?.() === 0 ? `user ${userInfo().username} root;` : '',
      `daemon off; worker_processes 1; pid ${dir}/pid; error_log stderr error;`,
      'events { worker_connections 1024; }',
      'http {',
      ...folders,
      '  access_log off; tcp_nodelay on; keepalive_timeout 600s; keepalive_requests 1000000000;',
      `  server { listen 127.0.0.1:${port}; default_type application/json; location / { return 200 '${answer}'; } }`,
      '}',
    ].join('\n'),
  );
  const child = spawn(program, [...args, '-p', dir, '-c', `${dir}/nginx.conf`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  cleanup.add(() => end(child, 'SIGTERM'));
  await eventually(() => fetch(`http://127.0.0.1:${port}/`));
  return { port, process: child };
}
