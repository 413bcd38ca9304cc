import { close, openSync, readdirSync, readFileSync, renameSync, rmSync, unlink, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describeError } from '../errors/describe.ts';
import type { Logger } from '../logging.ts';
import { ownerName, ownerRuns } from './process-owner.ts';

/** A file of the log. */
export class Segment {
  readonly #file: string;
  readonly #fd: number;
  #bytes = 0;
  /** Lines that nobody else knows yet. */
  #open = 0;
  #complete = false;

  constructor(file: string) {
    this.#file = file;
    this.#fd = openSync(file, 'a', 0o600);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws Error when less than the line was written */
  write(line: string): void {
    const text = `${line}\n`;
    const bytes = Buffer.byteLength(text);
    if (writeSync(this.#fd, text) !== bytes) throw new Error('a part of a line was written');
    this.#bytes += bytes;
    this.#open += 1;
  }

  /** A line is known elsewhere. */
  release(): void {
    this.#open -= 1;
    this.#removeIfNeedless();
  }

  /** Nothing more is written. */
  complete(): void {
    this.#complete = true;
    this.#removeIfNeedless();
  }

  #removeIfNeedless(): void {
    if (!this.#complete || this.#open > 0) return;
    unlink(this.#file, () => undefined);
    close(this.#fd, () => undefined);
  }
}

/** What a process left that is no more. */
export interface Abandoned {
  readonly replica: string;
  readonly file: string;
}

export interface WriteAheadLogOptions {
  /** It is there, and can be written to. Processes that share it see each other in /proc. */
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

  constructor(options: WriteAheadLogOptions) {
    this.#options = options;
  }

  /**
   * Adds a line.
   *
   * @param line Without line breaks.
   * @returns where it is, to be released; undefined: it could not be written, and who would rely on it has to do without
   */
  write(line: string): Segment | undefined {
    if (this.#notBefore > 0 && performance.now() < this.#notBefore) return undefined;
    try {
      const segment = this.#segment();
      segment.write(line);
      return segment;
    } catch (error) {
      this.#options.log.warn({ event: 'write_ahead_failed', error: describeError(error) });
      this.#notBefore = performance.now() + PAUSE_MS;
      // Half a line may be at its end.
      this.close();
      return undefined;
    }
  }

  /** Completes the file under way. One that somebody may need stays. */
  close(): void {
    this.#current?.complete();
    this.#current = undefined;
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
    this.close();
    this.#count += 1;
    this.#current = new Segment(join(folder, `${replica}~${this.#count}~${this.#owner}${SUFFIX}`));
    return this.#current;
  }
}
