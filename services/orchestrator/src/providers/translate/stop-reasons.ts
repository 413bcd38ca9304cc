/** Anthropic's `stop_reason` as OpenAI's `finish_reason`. */
export function finishReason(stopReason: unknown): string | null {
  switch (stopReason) {
    case undefined:
    case null:
      return null;
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'tool_use':
      return 'tool_calls';
    case 'refusal':
      return 'content_filter';
    default:
      // end_turn, stop_sequence, pause_turn, and what may come.
      return 'stop';
  }
}

/**
 * OpenAI's `finish_reason` as Anthropic's `stop_reason`.
 *
 * @param matched The stop sequence that ended the answer, where the provider tells (vLLM's `stop_reason`).
 */
export function stopReason(finish: unknown, matched?: unknown): string {
  switch (finish) {
    case 'length':
      return 'max_tokens';
    case 'tool_calls':
    case 'function_call':
      return 'tool_use';
    case 'content_filter':
      return 'refusal';
    default:
      return typeof matched === 'string' ? 'stop_sequence' : 'end_turn';
  }
}
