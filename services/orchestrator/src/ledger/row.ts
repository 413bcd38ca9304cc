import type { Identity } from '../auth/identity.ts';
import type { Settlement } from '../gateway/admission.ts';
import type { GatewayCall } from '../gateway/call.ts';

/** A row of `accounting.ledger`, by the names of its columns. */
export interface LedgerRow extends CallFacts {
  /** When the request was admitted, as ISO 8601. */
  readonly at: string;
  readonly provider: string;
  readonly provider_tier: number;
  readonly provider_model: string;
  readonly outcome: string;
  readonly status: number;
  readonly attempts: number;
  readonly prompt_tokens: number;
  readonly cached_tokens: number;
  readonly completion_tokens: number;
  readonly estimated: boolean;
  readonly cost_nano_usd: number;
  readonly duration_ms: number | null;
  readonly first_token_ms: number | null;
}

/** What is known of a request before it is made. */
export interface CallFacts {
  readonly request_id: string;
  readonly tenant: string;
  readonly user_id: string;
  readonly user_tier: string;
  readonly caller: string;
  readonly end_user: string | null;
  readonly endpoint: string;
  readonly model: string;
  readonly private: boolean;
  readonly stream: boolean;
  readonly replica: string;
}

/** What a request of a replica that died is known by. */
export interface CallTarget {
  readonly provider: string;
  readonly tier: number;
  readonly model: string;
}

/** The row of a request for which this replica heard the end. */
export function settledRow(facts: CallFacts, at: number, settlement: Settlement): LedgerRow {
  const { target, usage, outcome, status, attempts, costNanoUsd, durationMs, firstTokenMs } = settlement;
  const promptTokens = usage?.promptTokens ?? 0;
  return {
    ...facts,
    at: new Date(at).toISOString(),
    provider: target.provider,
    provider_tier: target.tier,
    provider_model: target.model,
    outcome,
    status,
    attempts,
    prompt_tokens: promptTokens,
    cached_tokens: Math.min(usage?.cachedTokens ?? 0, promptTokens),
    completion_tokens: usage?.completionTokens ?? 0,
    estimated: usage?.estimated ?? false,
    cost_nano_usd: costNanoUsd,
    duration_ms: Math.round(durationMs * 1000) / 1000,
    first_token_ms: firstTokenMs ?? null,
  };
}

/** The row of a request whose replica died: a backend was asked, and nobody knows what it answered. It costs nothing. */
export function lostRow(facts: CallFacts, at: number, target: CallTarget): LedgerRow {
  return {
    ...facts,
    at: new Date(at).toISOString(),
    provider: target.provider,
    provider_tier: target.tier,
    provider_model: target.model,
    outcome: 'lost',
    status: 499,
    attempts: 1,
    prompt_tokens: 0,
    cached_tokens: 0,
    completion_tokens: 0,
    estimated: true,
    cost_nano_usd: 0,
    duration_ms: null,
    first_token_ms: null,
  };
}

/** What is known of a call when it is admitted. */
export function factsOf(call: GatewayCall, identity: Identity, user: string, replica: string): CallFacts {
  return {
    request_id: call.id,
    tenant: identity.tenant,
    user_id: user,
    user_tier: identity.tier,
    caller: identity.caller,
    end_user: call.endUser === undefined ? null : storable(call.endUser),
    endpoint: call.endpoint,
    model: call.model,
    private: call.private,
    stream: call.stream,
    replica,
  };
}

/** What a caller may send, and PostgreSQL cannot keep: the character U+0000 and halves of surrogate pairs. */
function storable(text: string): string {
  return text.slice(0, 256).replaceAll('\0', '').toWellFormed();
}
