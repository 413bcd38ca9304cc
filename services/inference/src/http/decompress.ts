import { Readable, type Transform } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../errors/api-error.ts';

/** Reads compressed bodies; the limit of a body counts what comes out, so that a small one cannot become a huge one. */
export function decompressBodies(app: FastifyInstance): void {
  app.addHook('preParsing', async (request, _reply, payload) => {
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') return payload;
    const inflated = encoding === 'gzip' ? createGunzip() : encoding === 'deflate' ? createInflate() : undefined;
    if (inflated === undefined) {
      throw new ApiError('unsupported_encoding', `the body is compressed as "${encoding.slice(0, 20)}"`, {
        path: 'content-encoding',
      });
    }
    return decompressed(payload, inflated);
  });
}

/** The framework compares `receivedEncodedLength` with the length that the request announced. */
interface EncodedStream extends Readable {
  receivedEncodedLength: number;
}

function decompressed(payload: Readable, inflated: Transform): EncodedStream {
  payload.on('error', (error) => inflated.destroy(error));
  const stream = Object.assign(Readable.from(chunks(payload.pipe(inflated)), { objectMode: false }), {
    receivedEncodedLength: 0,
  });
  payload.on('data', (chunk: Buffer) => {
    stream.receivedEncodedLength += chunk.byteLength;
  });
  return stream;
}

async function* chunks(inflated: Transform): AsyncGenerator<Buffer> {
  try {
    yield* inflated;
  } catch (error) {
    throw new ApiError('invalid_request', 'the body cannot be decompressed', { path: 'body', cause: error });
  }
}
