import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { exitCodes, Failure } from '../failure.ts';
import { type BuiltImage, streamImages } from '../images/index.ts';

/**
 * Hands the images over to a shell command as one archive on its standard input.
 *
 * @param scratch - folder for the archive's table of contents
 * @throws Failure when the command fails, or leaves a part of the archive unread
 */
export async function loadBy(command: string, images: readonly BuiltImage[], scratch: string): Promise<void> {
  const archive = await streamImages(images, scratch);
  // cat makes it a real pipe: Node's is a socket, and that cannot be opened as /dev/stdin, which some commands do.
  const result = await execa('sh', ['-c', 'cat | sh -c "$1"', 'load-images', command], {
    input: archive.stdout,
    reject: false,
    all: true,
  });
  const failure = (value: string): Failure =>
    new Failure({
      path: `--load-images '${command}'`,
      value,
      cure: 'Correct the command: it gets an archive of images on its standard input',
      exitCode: exitCodes.failed,
    });
  if (result.exitCode !== 0) {
    archive.process.kill('SIGKILL');
    const said = result.all.trim().split('\n').slice(-3).join(' ');
    throw failure(`it ended with ${result.exitCode ?? result.signal ?? 'an error'}${said === '' ? '' : `: ${said}`}`);
  }
  const isRead = await Promise.race([archive.ended.then(() => true), delay(2000, false, { ref: false })]);
  if (isRead) return;
  archive.process.kill('SIGKILL');
  throw failure('it ended without having read the archive');
}
