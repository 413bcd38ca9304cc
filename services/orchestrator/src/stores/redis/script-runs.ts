import type { Reply } from './connection.ts';
import { type Script, script } from './script.ts';

/** Runs in one command at most: Redis does nothing else meanwhile. */
const MOST = 32;

interface Run {
  readonly keys: readonly string[];
  readonly args: readonly string[];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs of one script. The first goes out at once; those that come while it is under way wait for the end of the event loop's
 * turn, and go out as one command, which calls the script for each of them in the order in which they came.
 */
export class ScriptRuns {
  readonly #one: Script;
  readonly #many: Script;
  readonly #send: (command: string[]) => Promise<Reply>;
  #waiting: Run[] = [];
  #underWay = 0;
  #scheduled = false;

  constructor(one: Script, send: (command: string[]) => Promise<Reply>) {
    this.#one = one;
    this.#many = forMany(one);
    this.#send = send;
  }

  /** What Redis has to know before a run takes one round trip. */
  get texts(): readonly string[] {
    return [this.#one.text, this.#many.text];
  }

  run(keys: readonly string[], args: readonly string[]): Promise<Reply> {
    if (this.#underWay === 0 && this.#waiting.length === 0) return this.#call(this.#one, [...keys], [...args]);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ keys, args, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        const waiting = this.#waiting;
        this.#waiting = [];
        for (let at = 0; at < waiting.length; at += MOST) this.#together(waiting.slice(at, at + MOST));
      });
    });
  }

  #together(runs: readonly Run[]): void {
    const [first] = runs;
    if (runs.length === 1 && first) {
      this.#call(this.#one, [...first.keys], [...first.args]).then(first.resolve, first.reject);
      return;
    }
    const keys = runs.flatMap((each) => each.keys);
    const args = runs.flatMap((each) => [String(each.keys.length), String(each.args.length), ...each.args]);
    this.#call(this.#many, keys, args).then(
      (replies) => {
        for (const [at, each] of runs.entries()) each.resolve(Array.isArray(replies) ? (replies[at] ?? null) : null);
      },
      (error: unknown) => {
        for (const each of runs) each.reject(error);
      },
    );
  }

  async #call({ sha, text }: Script, keys: string[], args: string[]): Promise<Reply> {
    const rest = [String(keys.length), ...keys, ...args];
    this.#underWay += 1;
    try {
      return await this.#send(['EVALSHA', sha, ...rest]);
    } catch (error) {
      if (!String(error).includes('NOSCRIPT')) throw error;
      return await this.#send(['EVAL', text, ...rest]);
    } finally {
      this.#underWay -= 1;
    }
  }
}

/** The script as a function that is called for each run; its arguments hide the ones that Redis gave to all. */
function forMany({ text }: Script): Script {
  return script(
    'local function one(KEYS, ARGV)',
    text,
    'end',
    `
local replies = {}
local key, arg, at = 1, 1, 0
while arg <= #ARGV do
  local keys, args = {}, {}
  local count, length = tonumber(ARGV[arg]), tonumber(ARGV[arg + 1])
  for i = 1, count do keys[i] = KEYS[key + i - 1] end
  for i = 1, length do args[i] = ARGV[arg + 1 + i] end
  key = key + count
  arg = arg + 2 + length
  at = at + 1
  local reply = one(keys, args)
  -- A list ends at its first nil.
  if reply == nil then reply = false end
  replies[at] = reply
end
return replies
`,
  );
}
