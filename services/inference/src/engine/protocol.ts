/** The messages between the HTTP thread and a worker. Buffers are transferred, never copied. */

/** What a worker needs to open a session. */
export interface SessionSpec {
  /** Names the session in every later message. */
  readonly key: string;
  /** The serialised ONNX graph. */
  readonly graph: Uint8Array;
  /** The folder that the graph's external weights lie in. */
  readonly folder: string;
  /** Threads that one run may use. */
  readonly threads: number;
}

export interface InputTensor {
  readonly data: Int32Array;
  readonly dims: readonly number[];
}

export interface OutputTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export interface RunRequest {
  readonly key: string;
  readonly feeds: Readonly<Record<string, InputTensor>>;
  /** Names of the outputs to compute and send back. */
  readonly fetches: readonly string[];
}

export interface RunResult {
  readonly outputs: Readonly<Record<string, OutputTensor>>;
  /** Time in the session, without the way there and back. */
  readonly seconds: number;
}

export type ToWorker =
  | { readonly type: 'load'; readonly id: number; readonly spec: SessionSpec }
  | { readonly type: 'unload'; readonly id: number; readonly key: string }
  | { readonly type: 'run'; readonly id: number; readonly request: RunRequest };

/** The answer to the message with the same id. */
export type FromWorker =
  | { readonly type: 'done'; readonly id: number; readonly result?: RunResult }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };
