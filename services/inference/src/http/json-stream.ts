import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { EngineTensor } from '../engine/tensor.ts';
import { halfToNumber } from '../protocol/datatypes.ts';
import { floats } from './float-text.ts';

/** Numbers that are written at once; more are written piece by piece, so that others are answered in between. */
const AT_ONCE = 32_768;
/** Characters of a piece. */
const PIECE = 256 * 1024;
/** Values that are turned into text together. */
const STEP = 8192;

/** The numbers as JSON, without brackets. */
export function numbers(values: Float32Array): string {
  return floats(values);
}

/** The values of a tensor as JSON, without brackets. */
export function* values(tensor: EngineTensor): Generator<string> {
  for (let at = 0; at < tensor.data.length; at += STEP) yield (at === 0 ? '' : ',') + some(tensor, at, at + STEP);
}

function some({ type, data }: EngineTensor, from: number, to: number): string {
  switch (type) {
    case 'float32':
      return floats(data.subarray(from, to));
    case 'string':
      return JSON.stringify(data.slice(from, to)).slice(1, -1);
    case 'int64':
    case 'uint64':
      return data.subarray(from, to).join();
    case 'bool':
      return Array.from(data.subarray(from, to), Boolean).join();
    case 'float16':
      return JSON.stringify(Array.from(data.subarray(from, to), halfToNumber)).slice(1, -1);
    default:
      return JSON.stringify(Array.from(data.subarray(from, to))).slice(1, -1);
  }
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
