import type { TokenUsage } from '../../gateway/call.ts';
import { isRecord } from '../../json.ts';
import { count } from '../openai/usage.ts';

/** Tokens as Anthropic counts them: those read from and written to its cache are not among `input`. */
export interface AnthropicUsage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** Reads a `usage`. What it leaves out keeps its value: the numbers of `message_delta` are totals so far. */
export function readAnthropicUsage(usage: unknown, before?: AnthropicUsage): AnthropicUsage | undefined {
  if (!isRecord(usage)) return before;
  const read = (value: unknown, known: number | undefined): number =>
    typeof value === 'number' ? count(value) : (known ?? 0);
  return {
    input: read(usage.input_tokens, before?.input),
    output: read(usage.output_tokens, before?.output),
    cacheRead: read(usage.cache_read_input_tokens, before?.cacheRead),
    cacheWrite: read(usage.cache_creation_input_tokens, before?.cacheWrite),
  };
}

/** As the platform counts: the prompt is all of it, and what was cached is a part of that. */
export function toTokenUsage(usage: AnthropicUsage | undefined): TokenUsage | undefined {
  if (!usage) return undefined;
  return {
    promptTokens: usage.input + usage.cacheRead + usage.cacheWrite,
    completionTokens: usage.output,
    cachedTokens: usage.cacheRead,
    estimated: false,
  };
}
