import pino from 'pino';

/** The file descriptor of the standard output. */
export const STDOUT = 1;

/** So many characters leave at once: one system call for each line would be a good part of what a request costs. */
const ENOUGH = 12_288;
/** What Linux writes to a pipe in one piece, in bytes: PIPE_BUF of pipe(7). Of a larger piece, the ends may lie apart. */
const WHOLE = 4_096;
/** A line waits this long for others, in milliseconds. */
const LATEST_MS = 250;

/**
 * Collects lines, and gives them to pino's own stream together. That one can collect as well (`minLength`), but counts the bytes of
 * all that it holds anew with every line (sonic-boom 4.2): with fifty lines at a time, an eighth of the garbage of a request.
 */
export class LogLines implements pino.DestinationStream {
  readonly #fd: number;
  readonly #shared: boolean;
  readonly #stream: ReturnType<typeof pino.destination>;
  #lines: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param fd The file descriptor to which lines go.
   * @param shared Whether other processes write to it as well: no line may end up inside another one.
   */
  constructor(fd: number, shared = false) {
    this.#fd = fd;
    this.#shared = shared;
    this.#stream = pino.destination({ dest: fd, sync: false, ...(shared && { maxWrite: WHOLE }) });
    process.once('exit', () => this.flushSync());
  }

  write(line: string): void {
    const length = this.#shared ? Buffer.byteLength(line) : line.length;
    if (this.#shared && this.#length > 0 && this.#length + length > WHOLE) this.#stream.write(this.#take());
    this.#lines.push(line);
    this.#length += length;
    if (this.#length >= ENOUGH) this.#stream.write(this.#take());
    else this.#timer ??= setTimeout(() => this.#stream.write(this.#take()), LATEST_MS).unref();
  }

  /** Writes everything before it returns: pino asks for that after a fatal line. */
  flushSync(): void {
    this.#stream.flushSync();
    // What the stream is given now it would write later, when there may be no later.
    if (this.#lines.length > 0) pino.destination({ dest: this.#fd, sync: true }).write(this.#take());
  }

  #take(): string {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#lines.join('');
    this.#lines = [];
    this.#length = 0;
    return text;
  }
}
