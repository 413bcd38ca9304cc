import { AppError } from '../errors/app-error.ts';
import { isRecord, parseRecord } from '../json.ts';
import type { ReadHeader } from './exchange.ts';

/**
 * Codes of providers that help the caller. Only these are passed on: a provider's message quotes the prompt, and its other
 * fields can hold anything.
 */
const KNOWN_CODES = new Set([
  'context_length_exceeded',
  'string_above_max_length',
  'content_filter',
  'content_policy_violation',
  'invalid_image',
  'invalid_image_url',
  'image_too_large',
  'invalid_base64_image',
  'unsupported_parameter',
  'unsupported_value',
  'invalid_value',
  'missing_required_parameter',
  'model_not_found',
  'rate_limit_exceeded',
  'insufficient_quota',
]);

/** Parameters whose name may be passed on when a provider objects to them. */
const KNOWN_PARAMETERS =
  /^(model|messages|temperature|top_p|top_k|n|stop|stop_sequences|max_tokens|max_completion_tokens|presence_penalty|frequency_penalty|logit_bias|logprobs|top_logprobs|response_format|seed|tools|tool_choice|parallel_tool_calls|reasoning_effort|input|dimensions|encoding_format|system|thinking|metadata|stream|stream_options)$/;

/** An answer that is no success, as an error of the catalogue. */
export function rejection(name: string, status: number, header: ReadHeader, body: string): AppError {
  const { code, param } = hint(body);
  const message = `${name} answered ${status}${code === undefined ? '' : ` (${code})`}.`;
  if (status === 429) {
    // Without more money, waiting does not help: the next provider may.
    if (code === 'insufficient_quota') return new AppError('upstream_credentials', { message });
    return new AppError('upstream_rate_limited', { message, retryAfterSeconds: retryAfter(header) ?? 1 });
  }
  if (status === 401 || status === 402 || status === 403) return new AppError('upstream_credentials', { message });
  if (status === 408 || status === 504) return new AppError('upstream_timeout', { message });
  // The platform's own configuration names a model that the provider does not have.
  if (status === 404) return new AppError('upstream_failed', { message });
  if (status === 413) return new AppError('upstream_rejected', { message, status: 413 });
  if (status >= 400 && status < 500) {
    const details =
      param === undefined
        ? []
        : [
            {
              path: `body.${param}`,
              problem: `is refused by ${name}${code === undefined ? '' : ` (${code})`}`,
              cure: 'Change it to what this model supports.',
            },
          ];
    return new AppError('upstream_rejected', { message, details });
  }
  // 529 and 503 with Retry-After: overloaded. The time says when it is worth another try.
  const after = retryAfter(header);
  return new AppError('upstream_failed', { message, ...(after === undefined ? {} : { retryAfterSeconds: after }) });
}

/** Seconds, from `retry-after-ms`, or from `retry-after` as a number or a date. */
export function retryAfter(header: ReadHeader, now: number = Date.now()): number | undefined {
  const ms = Number(header('retry-after-ms') ?? Number.NaN);
  const given = header('retry-after');
  const seconds = given === undefined ? Number.NaN : Number(given);
  const date = given === undefined || !Number.isNaN(seconds) ? Number.NaN : (Date.parse(given) - now) / 1000;
  const found = [ms / 1000, seconds, date].find((value) => value >= 0);
  return found === undefined || found > 86_400 ? undefined : Math.ceil(found * 1000) / 1000;
}

function hint(body: string): { readonly code: string | undefined; readonly param: string | undefined } {
  const error = parseRecord(body)?.error;
  if (!isRecord(error)) return { code: undefined, param: undefined };
  const code = typeof error.code === 'string' && KNOWN_CODES.has(error.code) ? error.code : undefined;
  const param = typeof error.param === 'string' && KNOWN_PARAMETERS.test(error.param) ? error.param : undefined;
  return { code, param };
}
