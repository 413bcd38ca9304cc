import { ApiError } from '../errors/api-error.ts';
import { isDatatype } from '../protocol/datatypes.ts';
import { BytesTensor, ListTensor, type RequestTensor } from '../protocol/request-tensor.ts';
import type { InferInputTensor, ModelInferRequest, TensorContents } from './messages.ts';

/** The tensors of a request: all of them as raw bytes, or all with typed contents. */
export function requestTensors({ inputs, raw_input_contents: raw }: ModelInferRequest): RequestTensor[] {
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw new ApiError('invalid_request', `raw_input_contents has ${raw.length} entries for ${inputs.length} inputs`, {
      path: 'raw_input_contents',
      cure: 'Send the bytes of every input there, or of none.',
    });
  }
  return inputs.map((input, index) => {
    const path = `inputs[${index}]`;
    const bytes = raw[index];
    if (bytes !== undefined) return new BytesTensor(input, bytes, path);
    return new ListTensor(input, contents(input, path), path);
  });
}

function contents({ datatype, contents: all }: InferInputTensor, path: string): readonly unknown[] {
  if (all === null) {
    throw new ApiError('invalid_request', `${path} has no contents`, {
      path: `${path}.contents`,
      cure: 'Send its values there, or the bytes of every input in raw_input_contents.',
    });
  }
  return valuesOf(datatype, all);
}

/** The field that the protocol has for a datatype. What it has none for is reported by whoever reads the tensor. */
function valuesOf(datatype: string, all: TensorContents): readonly unknown[] {
  if (!isDatatype(datatype)) return [];
  switch (datatype) {
    case 'BOOL':
      return all.bool_contents;
    case 'INT8':
    case 'INT16':
    case 'INT32':
      return all.int_contents;
    case 'INT64':
      return all.int64_contents;
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
      return all.uint_contents;
    case 'UINT64':
      return all.uint64_contents;
    case 'FP32':
    case 'FP16':
      return all.fp32_contents;
    case 'FP64':
      return all.fp64_contents;
    case 'BYTES':
      return all.bytes_contents.map((bytes) => bytes.toString('utf8'));
  }
}
