import { close, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, unlink, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describeError } from '../errors/describe.ts';
import type { Logger } from '../logging.ts';
import { ownerName, ownerRuns } from './process-owner.ts';

/** A file of the log. */
export interface Segment {
  readonly log: WriteAheadLog;
  readonly file: string;
  readonly fd: number;
  bytes: number;
  /** Lines that nobody else knows yet. */
  open: number;
}

/** What a process left that is no more. */
export interface Abandoned {
  readonly replica: string;
  readonly file: string;
}

export interface WriteAheadLogOptions {
  /** Made if it is not there. Processes that share it see each other in /proc. */
  readonly folder: string;
  readonly replica: string;
  readonly log: Logger;
  /** Bytes from which on another file begins. @default 4 MiB */
  readonly segmentBytes?: number;
}

/** After a line that could not be written, none is tried for so long. */
const PAUSE_MS = 1_000;

const SUFFIX = '.wal';

/**
 * Lines on this machine's own disk that are of use if this process is killed: each is with the kernel when `write` returns, which takes
 * some microseconds and wakes nobody. A file goes when everything in it is known elsewhere.
 */
export class WriteAheadLog {
  readonly #options: WriteAheadLogOptions;
  readonly #owner = ownerName();
  #current: Segment | undefined;
  #count = 0;
  #notBefore = 0;

  /** @throws Error when the folder cannot be made */
  constructor(options: WriteAheadLogOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true });
  }

  /**
   * Adds a line.
   *
   * @param line Without line breaks.
   * @returns where it is, for {@link release}; undefined: it could not be written, and who would rely on it has to do without
   */
  write(line: string): Segment | undefined {
    if (this.#notBefore > 0 && performance.now() < this.#notBefore) return undefined;
    try {
      const segment = this.#segment();
      const text = `${line}\n`;
      const bytes = Buffer.byteLength(text);
      if (writeSync(segment.fd, text) !== bytes) throw new Error('a part of a line was written');
      segment.bytes += bytes;
      segment.open += 1;
      return segment;
    } catch (error) {
      this.#options.log.warn({ event: 'write_ahead_failed', error: describeError(error) });
      this.#notBefore = performance.now() + PAUSE_MS;
      // Half a line may be at its end.
      this.#retire();
      return undefined;
    }
  }

  /** A line is known elsewhere. */
  release(segment: Segment): void {
    segment.open -= 1;
    if (segment.open === 0 && segment !== this.#current) this.#remove(segment);
  }

  /** Removes what nobody needs any more. What is known here alone stays. */
  close(): void {
    this.#retire();
  }

  /** Files of processes that are no more. */
  abandoned(): readonly Abandoned[] {
    return readdirSync(this.#options.folder)
      .filter((name) => name.endsWith(SUFFIX))
      .flatMap((name) => {
        const [replica = '', , owner = ''] = name.slice(0, -SUFFIX.length).split('~');
        return ownerRuns(owner) ? [] : [{ replica, file: name }];
      });
  }

  /**
   * Takes such a file over.
   *
   * @returns its lines, without one that was not written to its end; undefined: another process was faster
   */
  take({ file, replica }: Abandoned): { readonly lines: readonly string[]; done(): void } | undefined {
    const { folder } = this.#options;
    const [, number = ''] = file.split('~');
    const mine = join(folder, `${replica}~${number}~${this.#owner}${SUFFIX}`);
    try {
      renameSync(join(folder, file), mine);
    } catch {
      return undefined;
    }
    const lines = readFileSync(mine, 'utf8').split('\n').slice(0, -1);
    return { lines, done: () => rmSync(mine, { force: true }) };
  }

  #segment(): Segment {
    const { folder, replica, segmentBytes = 4 * 1024 * 1024 } = this.#options;
    if (this.#current && this.#current.bytes < segmentBytes) return this.#current;
    this.#retire();
    this.#count += 1;
    const file = join(folder, `${replica}~${this.#count}~${this.#owner}${SUFFIX}`);
    this.#current = { log: this, file, fd: openSync(file, 'a', 0o600), bytes: 0, open: 0 };
    return this.#current;
  }

  #retire(): void {
    const segment = this.#current;
    if (!segment) return;
    this.#current = undefined;
    if (segment.open === 0) this.#remove(segment);
  }

  #remove({ file, fd }: Segment): void {
    unlink(file, () => undefined);
    close(fd, () => undefined);
  }
}
