import { isRecord, parseRecord } from '../json.ts';

/**
 * A kept chat completion as a stream, for a caller who asked for one: what it holds in one chunk, its end in another.
 *
 * @param includeUsage Whether the caller asked for the usage at the end.
 */
export function chunksOfCompletion(body: string, includeUsage: boolean): string {
  const { id, created, model, choices, usage } = parseRecord(body) ?? {};
  const chunk = (parts: readonly unknown[], used: unknown): string =>
    `data: ${JSON.stringify({
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      choices: parts,
      ...(includeUsage && { usage: used }),
    })}\n\n`;
  const all = (Array.isArray(choices) ? choices : []).filter(isRecord);
  const contents = all.map(({ index, message }) => {
    const { tool_calls: calls, ...rest } = isRecord(message) ? message : {};
    const numbered = (Array.isArray(calls) ? calls : []).map((call: unknown, at) => ({
      index: at,
      ...(isRecord(call) && call),
    }));
    return {
      index,
      delta: { ...rest, ...(numbered.length > 0 && { tool_calls: numbered }) },
      logprobs: null,
      finish_reason: null,
    };
  });
  const ends = all.map(({ index, finish_reason: finish }) => ({
    index,
    delta: {},
    logprobs: null,
    finish_reason: finish,
  }));
  return [
    chunk(contents, null),
    chunk(ends, null),
    includeUsage ? chunk([], usage ?? null) : '',
    'data: [DONE]\n\n',
  ].join('');
}
