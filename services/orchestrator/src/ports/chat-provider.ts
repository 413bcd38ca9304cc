/** A chat request in OpenAI's form; fields that are not named here are passed on as they are. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly unknown[];
  readonly [field: string]: unknown;
}

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}
