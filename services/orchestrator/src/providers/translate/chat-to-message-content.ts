import { isRecord } from '../../json.ts';
import { readDataUrl } from './media.ts';
import { invalid, unsupported } from './unsupported.ts';

type Block = Record<string, unknown>;

/** The content of a message in OpenAI's dialect, a text or a list of parts, as blocks of Anthropic's. */
export function userBlocks(content: unknown, path: string): Block[] {
  // Anthropic's API refuses empty texts.
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  if (content === null || content === undefined) return [];
  if (!Array.isArray(content)) throw invalid(path, 'is neither a text nor a list of parts', 'Write a text.');
  return content.flatMap((part: unknown, at) => block(part, `${path}[${at}]`));
}

function block(part: unknown, path: string): Block[] {
  const type = isRecord(part) ? part.type : undefined;
  if (isRecord(part)) {
    if (type === 'text' && typeof part.text === 'string')
      return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    if (type === 'image_url') return [image(part.image_url, `${path}.image_url`)];
    if (type === 'file') return [document(part.file, `${path}.file`)];
  }
  throw unsupported(path, 'is not supported by this provider', 'Use parts of type text, image_url or file.');
}

function image(given: unknown, path: string): Block {
  const url = isRecord(given) ? given.url : given;
  if (typeof url !== 'string') throw invalid(`${path}.url`, 'is missing', 'Write an address or a data URL.');
  const media = readDataUrl(url, `${path}.url`);
  return {
    type: 'image',
    source: media ? { type: 'base64', media_type: media.type, data: media.data } : { type: 'url', url },
  };
}

function document(given: unknown, path: string): Block {
  const { file_data: data, filename } = isRecord(given) ? given : {};
  const media = typeof data === 'string' ? readDataUrl(data, `${path}.file_data`) : undefined;
  if (media?.type !== 'application/pdf') {
    throw unsupported(
      path,
      'is not supported by this provider',
      'Send a PDF as file_data: data:application/pdf;base64,….',
    );
  }
  return {
    type: 'document',
    source: { type: 'base64', media_type: media.type, data: media.data },
    ...(typeof filename === 'string' && { title: filename }),
  };
}
