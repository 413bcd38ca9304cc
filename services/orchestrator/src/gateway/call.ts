/** What the caller asked for. */
export type Endpoint =
  /** OpenAI's `/v1/chat/completions`, and calls from inside the service. */
  | 'chat'
  /** Anthropic's `/v1/messages`. */
  | 'messages'
  | 'embeddings';

/** A backend that may serve a call, and the name by which it knows the model. */
export interface Target {
  readonly provider: string;
  /** 0 is local and private; higher tiers leave the platform. */
  readonly tier: number;
  /** The provider's own name of the model. */
  readonly model: string;
  readonly price: Price;
}

/** Prices in nano US dollars (1e-9 USD) per token; $3 for a million tokens is 3000. */
export interface Price {
  readonly input: number;
  /** Input tokens that the provider had cached. */
  readonly cachedInput: number;
  readonly output: number;
}

/** Tokens of one call. */
export interface TokenUsage {
  /** All tokens of the prompt, those from the provider's cache included. */
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** The part of `promptTokens` that came from the provider's cache. */
  readonly cachedTokens: number;
  /** The provider did not report (a cut or aborted stream): counted from the text. */
  readonly estimated: boolean;
}

/** An upper bound of what a call may take, known before it is made: what a budget reserves. */
export interface Estimate {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** With the dearest of the candidates, in nano US dollars. */
  readonly costNanoUsd: number;
}

/** One call of a language or embedding model, after authorisation and validation. */
export interface GatewayCall {
  /** Unique: the request id, or one made from it for a call from inside the service. The ledger has one row for it. */
  readonly id: string;
  /** The name of the caller's token: the tenant. */
  readonly caller: string;
  /** The person whom the caller names (`user`, `metadata.user_id`); unproven. */
  readonly endUser: string | undefined;
  readonly endpoint: Endpoint;
  /** The pattern of the route that it came by, such as `/v1/chat/completions`. */
  readonly route: string;
  /** The model as the caller named it; one that is configured. */
  readonly model: string;
  /** Never leaves tier 0. */
  readonly private: boolean;
  readonly stream: boolean;
  /** The request in the dialect of `endpoint`. For keys of caches; never for logs, metrics or errors. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Who may serve it, in the order of trial. Never empty. */
  readonly candidates: readonly Target[];
  readonly estimate: Estimate;
  /**
   * Once admitted, the first candidate is asked at once: no cache comes between, so a policy may note both in one step.
   *
   * @default false
   */
  readonly straight?: boolean;
}

/** The price of tokens in nano US dollars, rounded up to a whole one. */
export function costOf(
  price: Price,
  usage: Pick<TokenUsage, 'promptTokens' | 'completionTokens' | 'cachedTokens'>,
): number {
  const cached = Math.min(usage.cachedTokens, usage.promptTokens);
  return Math.ceil(
    (usage.promptTokens - cached) * price.input + cached * price.cachedInput + usage.completionTokens * price.output,
  );
}
