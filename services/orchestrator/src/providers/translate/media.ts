import { invalid } from './unsupported.ts';

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?((?:;[\w.+-]+=[\w.+-]+)*);base64,/i;

/** Base64 data with its media type. */
export interface Media {
  readonly type: string;
  readonly data: string;
}

/** Reads a `data:` URL; undefined for any other address. @throws AppError `invalid_request` for one that is not base64 */
export function readDataUrl(url: string, path: string): Media | undefined {
  if (!/^data:/i.test(url)) return undefined;
  const match = DATA_URL.exec(url);
  if (!match) throw invalid(path, 'is a data URL, but not of base64', 'Write data:image/png;base64,….');
  return { type: match[1]?.toLowerCase() ?? 'application/octet-stream', data: url.slice(match[0].length) };
}

export function writeDataUrl({ type, data }: Media): string {
  return `data:${type};base64,${data}`;
}
