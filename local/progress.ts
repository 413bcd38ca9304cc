/** Something that takes a while, shown until it ends. */
export interface Task {
  /** Tells what it does just now. */
  update(detail: string): void;
  /** @param detail - what came of it, shown after the label */
  done(detail?: string): void;
  fail(detail?: string): void;
}

/** Says all along what a command does and how long it takes. */
export interface Progress {
  /**
   * @param label - what is done, for example `build pulumi v3.190.0`
   * @param expectedSeconds - how long it usually takes on two cores. @default - nothing is promised
   */
  task(label: string, expectedSeconds?: number): Task;
  /** A line that stays. */
  note(text: string): void;
  /** Ends what is shown, whether tasks run or not; to be called before other output and at the end. */
  stop(): void;
}

/** Where progress goes: the parts of a terminal's or file's stream that it takes. */
export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface ProgressOptions {
  /** How often a task that still runs says so, in milliseconds, where there is no terminal. @default 15000 */
  readonly interval?: number;
  /** Milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** `7 s`, `1 min 05 s`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

interface Running {
  readonly label: string;
  readonly expectedSeconds: number | undefined;
  readonly since: number;
  detail: string;
}

const terminalInterval = 200;

/**
 * On a terminal: one line for each ended task, and a last line that lives, with all that runs. Elsewhere plain lines: one at
 * the start of a task, one each {@link ProgressOptions.interval}, one at its end.
 */
export function createProgress(output: ProgressOutput = process.stderr, options: ProgressOptions = {}): Progress {
  const now = options.now ?? Date.now;
  const terminal = output.isTTY === true;
  const running = new Set<Running>();
  let timer: NodeJS.Timeout | undefined;
  let drawn = false;

  const elapsed = (task: Running): string => {
    const expected = task.expectedSeconds === undefined ? '' : ` of about ${duration(task.expectedSeconds * 1000)}`;
    return `${duration(now() - task.since)}${expected}`;
  };
  const describe = (task: Running): string => `${task.label}${task.detail === '' ? '' : `: ${task.detail}`}`;
  const erase = (): void => {
    if (drawn) output.write('\r\u001B[K');
    drawn = false;
  };
  const draw = (): void => {
    const text = [...running].map((task) => `${describe(task)} (${elapsed(task)})`).join(' · ');
    output.write(`\r\u001B[K${text.slice(0, (output.columns ?? 80) - 1)}`);
    drawn = true;
  };
  const tick = (): void => {
    if (terminal) draw();
    else for (const task of running) output.write(`  ... ${describe(task)}, ${elapsed(task)}\n`);
  };
  const line = (text: string): void => {
    erase();
    output.write(`${text}\n`);
    if (terminal && running.size > 0) draw();
  };
  const end = (task: Running, mark: string, detail: string | undefined): void => {
    if (!running.delete(task)) return;
    if (running.size === 0) clearTimer();
    line(`${mark} ${task.label}${detail === undefined ? '' : `: ${detail}`} (${duration(now() - task.since)})`);
  };
  const clearTimer = (): void => {
    clearInterval(timer);
    timer = undefined;
  };

  return {
    task(label, expectedSeconds) {
      const task: Running = { label, expectedSeconds, since: now(), detail: '' };
      running.add(task);
      timer ??= setInterval(tick, terminal ? terminalInterval : (options.interval ?? 15_000)).unref();
      if (terminal) draw();
      else line(`  ${label} ...${expectedSeconds === undefined ? '' : ` (about ${duration(expectedSeconds * 1000)})`}`);
      return {
        update(detail) {
          task.detail = detail;
        },
        done: (detail) => end(task, '✓', detail),
        fail: (detail) => end(task, '✗', detail),
      };
    },
    note: line,
    stop() {
      clearTimer();
      running.clear();
      erase();
    },
  };
}

/** Shows nothing, for commands whose output a program reads. */
export const silent: Progress = {
  task: () => ({ update: () => undefined, done: () => undefined, fail: () => undefined }),
  note: () => undefined,
  stop: () => undefined,
};
