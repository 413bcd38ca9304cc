import { isRecord } from '../../json.ts';
import { writeDataUrl } from './media.ts';
import { invalid, unsupported } from './unsupported.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A user's turn: the results of tools first, one message each as OpenAI has it, then what the user said. Images among the
 * results go with what the user said: a tool's message holds only text.
 */
export function userMessages(content: unknown, path: string): Fields[] {
  if (typeof content === 'string') return [{ role: 'user', content }];
  const results: Fields[] = [];
  const parts: Fields[] = [];
  for (const [at, block] of blocks(content, path).entries()) {
    const where = `${path}[${at}]`;
    if (block.type !== 'tool_result') {
      parts.push(part(block, where));
      continue;
    }
    const inner = typeof block.content === 'string' ? [{ type: 'text', text: block.content }] : (block.content ?? []);
    const made = blocks(inner, `${where}.content`).map((each, index) => part(each, `${where}.content[${index}]`));
    results.push({
      role: 'tool',
      tool_call_id: block.tool_use_id,
      content: made.flatMap((each) => (each.type === 'text' ? [each.text] : [])).join('\n\n'),
    });
    parts.push(...made.filter((each) => each.type !== 'text'));
  }
  const [only] = parts;
  if (parts.length === 0) return results;
  return [...results, { role: 'user', content: parts.length === 1 && only?.type === 'text' ? only.text : parts }];
}

/** An assistant's turn. What it thought is left out: no other provider can check the signature. */
export function assistantMessage(content: unknown, path: string): Fields {
  if (typeof content === 'string') return { role: 'assistant', content };
  const texts: unknown[] = [];
  const calls: Fields[] = [];
  for (const [at, block] of blocks(content, path).entries()) {
    switch (block.type) {
      case 'text':
        texts.push(block.text);
        break;
      case 'tool_use':
        calls.push({
          id: block.id,
          type: 'function',
          function: { name: block.name, arguments: JSON.stringify(block.input ?? {}) },
        });
        break;
      case 'thinking':
      case 'redacted_thinking':
        break;
      default:
        throw unsupported(`${path}[${at}].type`, 'is not supported by this provider', 'Use text and tool_use.');
    }
  }
  return {
    role: 'assistant',
    content: texts.length > 0 ? texts.join('') : null,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function part(block: Fields, path: string): Fields {
  const source = isRecord(block.source) ? block.source : {};
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text };
    case 'image':
      if (source.type === 'url') return { type: 'image_url', image_url: { url: source.url } };
      if (source.type === 'base64') return { type: 'image_url', image_url: { url: base64(source, path) } };
      break;
    case 'document':
      if (source.type === 'text') return { type: 'text', text: source.data };
      if (source.type === 'base64') {
        const filename = typeof block.title === 'string' ? block.title : 'document.pdf';
        return { type: 'file', file: { filename, file_data: base64(source, path) } };
      }
      break;
  }
  throw unsupported(path, 'is not supported by this provider', 'Use text, image and document with their data.');
}

function base64({ media_type: type, data }: Fields, path: string): string {
  if (typeof type !== 'string' || typeof data !== 'string')
    throw invalid(`${path}.source`, 'has no media_type or data', 'Write both.');
  return writeDataUrl({ type, data });
}

function blocks(content: unknown, path: string): Fields[] {
  if (!Array.isArray(content) || !content.every(isRecord))
    throw invalid(path, 'is neither a text nor a list of blocks', 'Write a text.');
  return content;
}
