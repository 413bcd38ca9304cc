import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { ApiError } from '../errors/api-error.ts';
import { BytesTensor, ListTensor, type RequestTensor } from '../protocol/request-tensor.ts';
import type { InferBody } from './routes/protocol-infer.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What follows the JSON in the body, in the binary data extension of the Open Inference Protocol. */
    binary: Buffer | null;
  }
}

const HEADER_LENGTH = 'inference-header-content-length';

/**
 * Reads the body as JSON, whatever its type says: clients of the protocol send none, or one for bytes. With the header
 * `Inference-Header-Content-Length`, the JSON ends there, and the bytes of the tensors follow.
 *
 * @param optional whether an empty body is none, and not a mistake
 */
export function binaryParser(app: FastifyInstance, limit: number, optional = false): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: limit },
    async (request: FastifyRequest, bytes: Buffer) => {
      if (optional && bytes.byteLength === 0) return undefined;
      const length = jsonLength(request.headers[HEADER_LENGTH], bytes.byteLength);
      request.binary = bytes.subarray(length);
      try {
        return JSON.parse(bytes.toString('utf8', 0, length));
      } catch {
        throw new ApiError('invalid_json', 'the body is not JSON', { path: 'body' });
      }
    },
  );
}

function jsonLength(header: string | readonly string[] | undefined, size: number): number {
  if (header === undefined) return size;
  const length = Number(header);
  if (Number.isSafeInteger(length) && length > 0 && length <= size) return length;
  throw new ApiError('invalid_request', `${HEADER_LENGTH} is not the length of the JSON in a body of ${size} bytes`, {
    path: HEADER_LENGTH,
    cure: 'Send the number of bytes of the JSON that the body begins with.',
  });
}

/** The tensors of a request: each has its values in the JSON, or the next bytes behind it. */
export function requestTensors({ inputs }: Static<typeof InferBody>, binary: Buffer | null): RequestTensor[] {
  let rest = binary ?? Buffer.alloc(0);
  const tensors = inputs.map((input, index): RequestTensor => {
    const path = `inputs[${index}]`;
    const size = binarySize(input.parameters, path);
    if (size === undefined) {
      if (input.data !== undefined) return new ListTensor(input, input.data, path);
      throw new ApiError('invalid_request', `${path} lacks the field "data"`, {
        path,
        cure: `Send ${path}.data as a list of values, or ${path}.parameters.binary_data_size with the bytes behind the JSON.`,
      });
    }
    if (size > rest.byteLength) throw wrongSize(path, `${size} bytes, but ${rest.byteLength} follow the JSON`);
    const tensor = new BytesTensor(input, rest.subarray(0, size), path);
    rest = rest.subarray(size);
    return tensor;
  });
  if (rest.byteLength > 0) throw wrongSize('inputs', `fewer bytes than follow the JSON: ${rest.byteLength} are left`);
  return tensors;
}

function binarySize(parameters: object | undefined, path: string): number | undefined {
  const size = new Map<string, unknown>(Object.entries(parameters ?? {})).get('binary_data_size');
  if (size === undefined) return undefined;
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size;
  throw wrongSize(path, 'something that is no number of bytes');
}

function wrongSize(path: string, problem: string): ApiError {
  const at = `${path}.parameters.binary_data_size`;
  return new ApiError('invalid_request', `${at} says ${problem}`, {
    path: at,
    cure: 'Send the number of bytes of each tensor, and the bytes behind the JSON in the same order.',
  });
}
