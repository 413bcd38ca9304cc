import { isRecord } from '../../json.ts';
import type { AnthropicUsage } from '../anthropic/usage.ts';
import { count, readUsage } from '../openai/usage.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Anthropic's counts as OpenAI's `usage`: there, the prompt holds its cached part. */
export function openAiUsage({ input, output, cacheRead, cacheWrite }: AnthropicUsage): Fields {
  const prompt = input + cacheRead + cacheWrite;
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    prompt_tokens_details: { cached_tokens: cacheRead },
  };
}

/** OpenAI's `usage` as Anthropic's: there, the cached part is counted beside the rest. */
export function anthropicUsage(usage: unknown): Fields {
  const read = readUsage(usage);
  const details = isRecord(usage) && isRecord(usage.completion_tokens_details) ? usage.completion_tokens_details : {};
  const thinking = count(details.reasoning_tokens);
  return {
    input_tokens: (read?.promptTokens ?? 0) - (read?.cachedTokens ?? 0),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: read?.cachedTokens ?? 0,
    output_tokens: read?.completionTokens ?? 0,
    ...(thinking > 0 && { output_tokens_details: { thinking_tokens: thinking } }),
  };
}
