import type { GatewayCall, Target, TokenUsage } from './call.ts';

/** An answer that was kept. */
export interface CachedAnswer {
  /** The whole answer as JSON text, in the dialect of the call's endpoint, also where the call was a stream. */
  readonly body: string;
  readonly usage: TokenUsage | undefined;
  /** Who made it. A private call is only ever served an answer of tier 0. */
  readonly target: Target;
}

/** Answers of earlier calls. Its key holds tenant, endpoint, model and every parameter, and whether the call is private. */
export interface ResponseCache {
  /** Whether this call takes part at all; asked first, so that other calls cost nothing. */
  takes(call: GatewayCall): boolean;
  /** Looked up after admission. A failure of the store is a miss. */
  lookup(call: GatewayCall): Promise<CachedAnswer | undefined>;
  /** Only complete answers come here. The caller's answer does not wait for it. */
  store(call: GatewayCall, answer: CachedAnswer): void;
}

/** Keeps nothing. */
export const noCache: ResponseCache = {
  takes: () => false,
  lookup: async () => undefined,
  store: () => undefined,
};
