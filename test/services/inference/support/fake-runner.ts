import type { RunRequest, RunResult } from '../../../../services/inference/src/engine/protocol.ts';
import type { Runner } from '../../../../services/inference/src/engine/scheduler.ts';

export const FAKE_MODEL = { ids: 'ids', mask: 'mask', types: 'types', perToken: new Set(['tokens']) };

/** Threads whose batches end when the test says so; the output is a fingerprint of the row. */
export class FakeRunner implements Runner {
  readonly started: { readonly request: RunRequest; readonly finish: (error?: Error) => void }[] = [];
  readonly requests: RunRequest[] = [];
  readonly #threads: number;
  readonly #ahead: number;

  /** @param ahead batches that it takes while all threads are busy */
  constructor(threads: number, ahead = 0) {
    this.#threads = threads;
    this.#ahead = ahead;
  }

  get idle(): number {
    return Math.max(0, this.#threads - this.started.length);
  }

  get room(): number {
    return Math.max(0, this.#threads + this.#ahead - this.started.length - this.idle);
  }

  run(request: RunRequest): Promise<RunResult> {
    this.requests.push(request);
    return new Promise((resolve, reject) => {
      const entry = {
        request,
        finish: (error?: Error) => {
          this.started.splice(this.started.indexOf(entry), 1);
          if (error === undefined) resolve(fakeResult(request));
          else reject(error);
        },
      };
      this.started.push(entry);
    });
  }
}

/** `sentence` is the sum of the ids and how many count; `tokens` is each id twice. */
function fakeResult({ feeds, fetches }: RunRequest): RunResult {
  const { ids, mask } = feeds;
  if (ids?.type !== 'int32' || mask?.type !== 'int32') throw new Error('no ids or no mask');
  const [rows = 0, length = 0] = ids.dims;
  const sentence = new Float32Array(rows * 2);
  const tokens = new Float32Array(rows * length * 2);
  for (let at = 0; at < ids.data.length; at++) {
    const row = Math.floor(at / length);
    const counts = mask.data[at] ?? 0;
    sentence[row * 2] = (sentence[row * 2] ?? 0) + (ids.data[at] ?? 0) * counts;
    sentence[row * 2 + 1] = (sentence[row * 2 + 1] ?? 0) + counts;
    tokens.fill(ids.data[at] ?? 0, at * 2, at * 2 + 2);
  }
  const type = 'float32' as const;
  const all = {
    sentence: { type, data: sentence, dims: [rows, 2] },
    tokens: { type, data: tokens, dims: [rows, length, 2] },
  };
  const outputs = Object.fromEntries(Object.entries(all).filter(([name]) => fetches.includes(name)));
  return { outputs, seconds: 0.001 };
}
