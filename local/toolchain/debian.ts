import { execa } from 'execa';
import { exitCodes, Failure } from '../failure.ts';
import { type Paths, resolvePaths } from '../paths.ts';
import type { Progress } from '../progress.ts';
import { withLock } from './lock.ts';

/** Names of the packages that are fully installed, from `dpkg-query -W -f '${Package} ${db:Status-Status}\n'`. */
export function installedPackages(output: string): ReadonlySet<string> {
  const lines = output.split('\n').map((line) => line.split(' '));
  return new Set(lines.flatMap(([name, status]) => (name !== undefined && status === 'installed' ? [name] : [])));
}

async function missingPackages(names: readonly string[]): Promise<readonly string[]> {
  const format = `\${Package} \${db:Status-Status}\\n`;
  // Ends with an error when it does not know one of them, and still lists the others.
  const result = await execa('dpkg-query', ['--show', `--showformat=${format}`, ...names], { reject: false });
  if (result.code === 'ENOENT') throw notDebian(names);
  const installed = installedPackages(result.stdout ?? '');
  return names.filter((name) => !installed.has(name));
}

function notDebian(names: readonly string[]): Failure {
  return new Failure({
    path: 'dpkg-query',
    value: 'not found: this is no Debian-like system',
    cure: `Use Debian, Ubuntu or a relative of them, which have the packages ${names.join(', ')}`,
    exitCode: exitCodes.environment,
  });
}

const settings = {
  reject: false,
  all: true,
  // Answers would be waited for forever, and a restarted service is not ours to restart.
  env: { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1', LC_ALL: 'C.UTF-8' },
  stdin: 'ignore',
} as const;

/** Lists of packages are missing or name files that the mirror no longer has: they have to be fetched. */
export function needsUpdate(output: string): boolean {
  return /Unable to locate package|has no installation candidate|404 +Not Found|Failed to fetch|Unable to fetch/.test(
    output,
  );
}

/** The lines of apt-get's output that say what went wrong. */
export function aptError(output: string): string {
  const errors = output.split('\n').filter((line) => /^(E|Err|W): ?/.test(line));
  return (errors.length > 0 ? errors : output.trim().split('\n').slice(-1)).slice(0, 3).join(' ');
}

async function apt(args: readonly string[]): Promise<{ readonly ok: boolean; readonly output: string }> {
  const result = await execa('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-q', ...args], settings);
  return { ok: result.exitCode === 0, output: result.all ?? '' };
}

/**
 * Makes the packages be installed. Nothing is touched when they are.
 *
 * @throws Failure on a system without dpkg, and with apt-get's own message when it fails
 */
export async function ensureDebianPackages(
  names: readonly string[],
  { progress, paths = resolvePaths() }: { readonly progress: Progress; readonly paths?: Paths },
): Promise<void> {
  if ((await missingPackages(names)).length === 0) return;
  const onWait = (holder: string): void => progress.note(`Waiting: ${holder} is installing packages`);
  // apt-get waits for the lock of dpkg, not for the one of its lists.
  await withLock(`${paths.cache}/apt`, async () => install(await missingPackages(names), progress), { onWait });
}

async function install(names: readonly string[], progress: Progress): Promise<void> {
  if (names.length === 0) return;
  const task = progress.task(`install ${names.join(', ')}`, 20);
  const args = ['install', '--yes', '--no-install-recommends', ...names];
  let result = await apt(args);
  if (!result.ok && needsUpdate(result.output)) {
    task.update('fetching the lists of packages');
    const update = await apt(['update']);
    task.update('');
    result = update.ok ? await apt(args) : update;
  }
  if (!result.ok) {
    task.fail();
    throw new Failure({
      path: `apt-get install ${names.join(' ')}`,
      value: aptError(result.output),
      cure: 'Make the mirror in /etc/apt/sources.list reachable, or install the packages by hand, and run the command again',
      exitCode: exitCodes.environment,
    });
  }
  task.done();
}
