import type { TokenUsage } from '../../gateway/call.ts';
import { isRecord } from '../../json.ts';

/** Reads the `usage` of OpenAI's dialect. Cached tokens are a part of the prompt's. */
export function readUsage(usage: unknown): TokenUsage | undefined {
  if (!isRecord(usage)) return undefined;
  const promptTokens = count(usage.prompt_tokens);
  const details = isRecord(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {};
  return {
    promptTokens,
    completionTokens: count(usage.completion_tokens),
    cachedTokens: Math.min(promptTokens, count(details.cached_tokens)),
    estimated: false,
  };
}

export function count(value: unknown): number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : 0;
}
