import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { Embedder } from '../../../../services/orchestrator/src/ports/embedder.ts';

export const DIMENSION = 256;

/** A vector that is near to that of a text with the same words: no meaning, but all that the tests need. */
export function wordVector(text: string): number[] {
  const vector = new Array<number>(DIMENSION).fill(0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? []) {
    const at = createHash('md5').update(word).digest().readUInt16LE(0) % DIMENSION;
    vector[at] = (vector[at] ?? 0) + 1;
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector.with(0, 1) : vector.map((value) => value / length);
}

export class WordEmbedder implements Embedder {
  readonly model = 'words';
  readonly dimension = DIMENSION;
  /** Thrown by every call while set. */
  failure: Error | undefined;
  embedded = 0;

  async embed(texts: readonly string[]): Promise<number[][]> {
    if (this.failure) throw this.failure;
    this.embedded += texts.length;
    return texts.map(wordVector);
  }
}

/** The inference service as far as the orchestrator uses it. */
export async function startInference(): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.method === 'GET') return void response.end('{"status":"ok"}');
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { input } = JSON.parse(body);
    const data = input.map((text: string, index: number) => ({
      object: 'embedding',
      index,
      embedding: wordVector(text),
    }));
    response.end(JSON.stringify({ object: 'list', data, usage: { prompt_tokens: 7, total_tokens: 7 } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, server };
}
