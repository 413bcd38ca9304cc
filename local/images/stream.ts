import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { PassThrough, type Readable } from 'node:stream';
import { exitCodes, Failure } from '../failure.ts';

/** A program whose output is read as a stream. */
export interface Output {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  readonly stdout: Readable;
  /** Settles when the program has ended. Rejects with what it said when it failed. */
  readonly ended: Promise<void>;
}

/**
 * Starts tar so that nothing of its output is lost when the reader comes late. Node lets the rest of a pipe flow away when the
 * program ends and nobody reads yet; a stream that reads from the start, and waits when it is full, keeps it.
 */
export function tar(args: readonly string[]): Output {
  const process = spawn('tar', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...globalThis.process.env, LC_ALL: 'C' },
  });
  let errors = '';
  process.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<void>((resolve, reject) => {
    process.on('error', reject);
    process.on('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Failure({
            path: `tar ${args.join(' ')}`,
            value: errors.trim() || `exit code ${code}`,
            cure: 'Is there room on the disk?',
            exitCode: exitCodes.failed,
          }),
        );
    });
  });
  // The reader awaits it after the stream; until then a failure is not unhandled.
  ended.catch(() => undefined);
  return { process, stdout: process.stdout.pipe(new PassThrough()), ended };
}
