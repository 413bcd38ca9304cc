/** A chat request in OpenAI's form; fields that are not named here are passed on as they are. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly unknown[];
  readonly stream?: boolean;
  readonly [field: string]: unknown;
}

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** One event of a stream. */
export interface ChatChunk {
  /** The `data` of the event: JSON as the provider sent it. */
  readonly data: string;
  /** Whether it holds content, and not only a role or the usage. */
  readonly content: boolean;
  readonly usage: Usage | undefined;
}

export interface ChatAnswer {
  /** The body as the provider sent it. */
  readonly body: string;
  readonly usage: Usage | undefined;
  /** The text of the first choice. */
  readonly text: string;
}

/**
 * A provider of language models.
 *
 * Both calls throw AppErrors: `upstream_*` for what the provider did, `client_closed` once `signal` is aborted. They end the
 * upstream request at once when `signal` is aborted.
 */
export interface ChatProvider {
  readonly name: string;
  readonly tier: number;
  readonly models: readonly string[];
  complete(request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer>;
  /**
   * Resolves once the provider accepted the request. The chunks end normally only when the provider said that the answer is
   * complete; a stream that was cut throws `upstream_cut`.
   */
  stream(request: ChatRequest, signal: AbortSignal): Promise<AsyncIterable<ChatChunk>>;
  close(): Promise<void>;
}
