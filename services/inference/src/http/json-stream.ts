import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Numbers that are written at once; more are written piece by piece, so that others are answered in between. */
const AT_ONCE = 32_768;
/** Characters of a piece. */
const PIECE = 256 * 1024;

/** The numbers as JSON, without brackets. */
export function numbers(values: Float32Array): string {
  return JSON.stringify(Array.from(values)).slice(1, -1);
}

/**
 * Sends a JSON document that is made of parts.
 *
 * @param size numbers in the document, to decide whether it is sent as a whole
 */
export function sendJson(reply: FastifyReply, parts: Iterable<string>, size: number): FastifyReply {
  void reply.type('application/json; charset=utf-8');
  if (size <= AT_ONCE) return reply.send(Array.from(parts).join(''));
  return reply.send(Readable.from(pieces(parts), { objectMode: false }));
}

function* pieces(parts: Iterable<string>): Generator<Buffer> {
  let piece = '';
  for (const part of parts) {
    piece += part;
    if (piece.length >= PIECE) {
      yield Buffer.from(piece);
      piece = '';
    }
  }
  if (piece !== '') yield Buffer.from(piece);
}
