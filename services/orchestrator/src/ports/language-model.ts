/** A chat request in OpenAI's form; fields that are not named here are passed on as they are. */
export interface ModelRequest {
  readonly model: string;
  readonly messages: readonly unknown[];
  readonly [field: string]: unknown;
}

export interface ModelUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** For whom a language model is asked from inside the service. */
export interface ModelContext {
  /** Unique for each call: the ledger has one row for it. */
  readonly callId: string;
  /** The name of the caller's token. */
  readonly caller: string;
  /** The pattern of the route that asks, such as `/api/v1/agents/run`. */
  readonly route: string;
  /** Never leaves tier 0. */
  readonly private: boolean;
  /** The answer of earlier calls must not be taken. @default false */
  readonly fresh?: boolean;
}

/** A tool that the model wants to be called. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it: it may be wrong. */
  readonly arguments: string;
}

export interface ModelAnswer {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  /** The message as it came, to be sent back with the next request. */
  readonly message: Readonly<Record<string, unknown>>;
  /** Why the model stopped: `stop`, `length`, `tool_calls`; undefined when it did not say. */
  readonly finishReason: string | undefined;
  readonly usage: ModelUsage | undefined;
  /** In nano US dollars (1e-9 USD). */
  readonly costNanoUsd: number;
  readonly provider: string;
  /** 0 is local and private. */
  readonly tier: number;
  readonly model: string;
}

/**
 * Language models, for the parts of the service that ask them themselves. Every call goes through the gateway: limits, budget,
 * failover and ledger hold for it as for a caller's own.
 */
export interface LanguageModel {
  /** The names by which models can be asked for. */
  readonly models: readonly string[];
  /** Whether a model can be asked for by this name. */
  knows(model: string): boolean;
  /** The one that is asked when nobody names another; undefined: none is meant for that. */
  readonly preferred: string | undefined;
  /**
   * @throws AppError `model_not_found` for an unknown name, else what the gateway throws
   */
  complete(request: ModelRequest, context: ModelContext, signal: AbortSignal): Promise<ModelAnswer>;
}
