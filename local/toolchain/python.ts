import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { exitCodes, Failure } from '../failure.ts';
import { type Paths, resolvePaths } from '../paths.ts';
import type { Progress } from '../progress.ts';
import { ensureDebianPackages } from './debian.ts';
import { withLock } from './lock.ts';

export interface PythonEnvironment {
  /** What it is for; part of its folder's name. */
  readonly name: string;
  /** A file in pip's format. All packages have to be pinned; with hashes, pip checks them. */
  readonly requirements: string;
  /** Do not install what the packages ask for themselves: the file lists all that is used. @default false */
  readonly listed?: boolean;
  /** How long it takes, for the progress line. @default 30 */
  readonly expectedSeconds?: number;
}

const marker = 'complete';

/** Whether Python can make virtual environments: Debian puts that into a package of its own. */
async function canMakeEnvironments(): Promise<boolean> {
  const { exitCode } = await execa('python3', ['-c', 'import venv, ensurepip'], { reject: false });
  return exitCode === 0;
}

/**
 * The folder of an environment: a new one for other packages or another Python, so that an older checkout keeps its own.
 *
 * @param requirements - content of the file
 * @param python - what `python3 --version` says
 */
export function environmentFolder(paths: Paths, name: string, requirements: string, python: string): string {
  const key = createHash('sha256').update(`${python}\n${requirements}`).digest('hex').slice(0, 12);
  return path.join(paths.cache, 'python', `${name}-${key}`);
}

/**
 * Makes a virtual environment with packages from the Python index in the cache, once.
 *
 * @returns its interpreter
 * @throws Failure when the packages cannot be had
 */
export async function ensurePython(
  { name, requirements, listed = false, expectedSeconds = 30 }: PythonEnvironment,
  { progress, paths = resolvePaths() }: { readonly progress: Progress; readonly paths?: Paths },
): Promise<string> {
  if (!(await canMakeEnvironments())) await ensureDebianPackages(['python3', 'python3-venv'], { progress, paths });
  const { stdout: version } = await execa('python3', ['--version']);
  const folder = environmentFolder(paths, name, readFileSync(requirements, 'utf8'), version);
  const python = path.join(folder, 'bin', 'python');
  if (existsSync(path.join(folder, marker))) return python;
  const onWait = (holder: string): void => progress.note(`Waiting: ${holder} is making ${name}`);
  const make = async (): Promise<void> => {
    if (existsSync(path.join(folder, marker))) return;
    const task = progress.task(`Python packages for ${name}`, expectedSeconds);
    try {
      // Of one that was interrupted.
      rmSync(folder, { recursive: true, force: true });
      await execa('python3', ['-m', 'venv', folder]);
      const strict = ['--quiet', '--disable-pip-version-check', '--only-binary=:all:', '--retries=5'];
      const chosen = [...strict, ...(listed ? ['--no-deps'] : []), '--requirement', requirements];
      await execa(python, ['-m', 'pip', 'install', ...chosen], { stdin: 'ignore' });
      writeFileSync(path.join(folder, marker), '');
      task.done();
    } catch (error) {
      task.fail();
      throw new Failure({
        path: requirements,
        value: lastLine(error),
        cure: 'Can this machine reach its index of Python packages (pip configuration, PIP_INDEX_URL)? Then run the command again',
        exitCode: exitCodes.environment,
      });
    }
  };
  await withLock(`${folder}.lock`, make, { onWait });
  return python;
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: unknown; readonly message?: unknown };
  const text = typeof stderr === 'string' && stderr.trim() !== '' ? stderr : String(message);
  return text.trim().split('\n').at(-1) ?? '';
}
