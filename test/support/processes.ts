import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A user without rights: databases refuse to run as root. undefined where the tests run as another user anyway. */
export function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const nobody = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith('nobody:'))
    ?.split(':');
  return { uid: Number(nobody?.[2] ?? 65534), gid: Number(nobody?.[3] ?? 65534) };
}

/** A temporary folder that belongs to {@link unprivileged}. */
export function scratch(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `keelson-${name}-`));
  const user = unprivileged();
  if (user) chownSync(dir, user.uid, user.gid);
  return dir;
}

export function removeScratch(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
}

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** The path of a server's program. @throws an error of one line that names the cure */
export function program(name: string, folders: readonly string[], debianPackage: string): string {
  const path = [...folders, ...(process.env.PATH ?? '').split(':')]
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
  if (path === undefined)
    throw new Error(
      `${name} is missing: install it with "apt-get install -y ${debianPackage}", or run "npm test", which does.`,
    );
  return path;
}

/** Starts a program as {@link unprivileged}; it ends with this process. */
export function start(path: string, args: readonly string[], cwd: string): ChildProcess {
  const child = spawn(path, args, { cwd, stdio: 'ignore', ...unprivileged() });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

/** Ends a program and waits for its end. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}

/** Tries until it succeeds. @throws the last failure after `ms` */
export async function eventually<T>(attempt: () => Promise<T> | T, ms = 15_000): Promise<T> {
  const until = performance.now() + ms;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
