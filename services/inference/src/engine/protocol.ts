import type { EngineTensor, TensorType } from './tensor.ts';

/** The messages between the HTTP thread and a worker. Buffers are transferred, never copied. */

/** What computes: the CPU, or an NVIDIA GPU. */
export type Provider = 'cpu' | 'cuda';

/** What a worker needs to open a session. */
export interface SessionSpec {
  /** Names the session in every later message. */
  readonly key: string;
  /** An ONNX file that the graph begins with. @default - none: `graph` is all of it */
  readonly file?: string;
  /**
   * A serialised ONNX graph. Behind a file it adds nodes and outputs to that: the format joins messages by writing one
   * after the other.
   */
  readonly graph: Uint8Array;
  /** The folder that the graph's external weights lie in. */
  readonly folder: string;
  /** Threads that one run may use. */
  readonly threads: number;
  /** What should compute. @default cpu */
  readonly provider?: Provider;
}

/** An input or output of a session; -1 where any size goes. */
export interface TensorInfo {
  readonly name: string;
  readonly type: TensorType;
  readonly dims: readonly number[];
}

/** What a session turned out to be. */
export interface SessionInfo {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** What computes. */
  readonly provider: Provider;
  /** Why it is not what was asked for. */
  readonly fallback?: string;
}

export interface RunRequest {
  readonly key: string;
  readonly feeds: Readonly<Record<string, EngineTensor>>;
  /** Names of the outputs to compute and send back. */
  readonly fetches: readonly string[];
}

export interface RunResult {
  readonly outputs: Readonly<Record<string, EngineTensor>>;
  /** Time in the session, without the way there and back. */
  readonly seconds: number;
}

export type ToWorker =
  | { readonly type: 'load'; readonly id: number; readonly spec: SessionSpec }
  | { readonly type: 'unload'; readonly id: number; readonly key: string }
  | { readonly type: 'run'; readonly id: number; readonly request: RunRequest };

/** The answer to the message with the same id. */
export type FromWorker =
  | { readonly type: 'done'; readonly id: number; readonly result?: RunResult; readonly info?: SessionInfo }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };
