import { isRecord } from '../json.ts';
import type { ModelConfig } from '../providers/config.ts';
import type { Estimate, TokenUsage } from './call.ts';
import { costOf } from './call.ts';
import { priceOf } from './price.ts';

/** Bytes of a text for one token, at the least: English has four, other languages fewer. */
const BYTES_PER_TOKEN = 3;
const CHARACTERS_PER_TOKEN = 4;

/** What a picture may take; https://platform.claude.com/docs/en/build-with-claude/vision (2026-11) */
const TOKENS_PER_PICTURE = 1_600;

/** Data in base64 is no text: a request of that size is looked at part by part. */
const LARGE = 64 * 1024;

/**
 * An upper bound of what a call takes: the prompt by its size, the answer by the limit that the request or the model sets.
 *
 * @param bodyBytes Size of the request.
 */
export function estimate(
  request: Readonly<Record<string, unknown>>,
  bodyBytes: number,
  models: readonly ModelConfig[],
): Estimate {
  const pictures = bodyBytes > LARGE ? picturesIn(request) : NO_PICTURES;
  const promptTokens = Math.ceil((bodyBytes - pictures.bytes) / BYTES_PER_TOKEN) + pictures.count * TOKENS_PER_PICTURE;
  const given = request.max_completion_tokens ?? request.max_tokens;
  const answers = typeof request.n === 'number' && request.n > 1 ? request.n : 1;
  let completionTokens = 0;
  let costNanoUsd = 0;
  for (const model of models) {
    const limit = model.embeddings ? 0 : typeof given === 'number' && given > 0 ? given : model.maxOutputTokens;
    const tokens = Math.ceil(limit * answers);
    completionTokens = Math.max(completionTokens, tokens);
    costNanoUsd = Math.max(
      costNanoUsd,
      costOf(priceOf(model), { promptTokens, completionTokens: tokens, cachedTokens: 0 }),
    );
  }
  return { promptTokens, completionTokens, costNanoUsd };
}

/** What a call took whose provider did not say: the prompt as if it were English, the answer by what came of it. */
export function guessUsage(bodyBytes: number, characters: number): TokenUsage {
  return {
    promptTokens: Math.ceil(bodyBytes / CHARACTERS_PER_TOKEN),
    completionTokens: Math.ceil(characters / CHARACTERS_PER_TOKEN),
    cachedTokens: 0,
    estimated: true,
  };
}

const NO_PICTURES = { bytes: 0, count: 0 };

function picturesIn(request: Readonly<Record<string, unknown>>): { bytes: number; count: number } {
  const found = { ...NO_PICTURES };
  const walk = (value: unknown): void => {
    if (typeof value === 'string') {
      if (value.length < 1024 || !(value.startsWith('data:') || /^[A-Za-z0-9+/]{1024}/.test(value))) return;
      found.bytes += value.length;
      found.count += 1;
    } else if (Array.isArray(value)) for (const each of value) walk(each);
    else if (isRecord(value)) for (const each of Object.values(value)) walk(each);
  };
  walk(request.messages);
  return found;
}
