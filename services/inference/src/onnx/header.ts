import { readFile } from 'node:fs/promises';
import protobuf from 'protobufjs/light.js';

/** A value that a graph takes or gives. */
export interface GraphValue {
  readonly name: string;
  /** `TensorProto.DataType`; 0 for what is no tensor. */
  readonly type: number;
  /** -1 where any size goes. */
  readonly shape: number[];
}

/** What an ONNX file says about itself, apart from how it computes. */
export interface OnnxHeader {
  /** Version of the standard operators. */
  readonly opset: number;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** Files beside it that hold weights, as it names them. */
  readonly files: readonly string[];
}

/**
 * The fields of onnx.proto3 that the header needs; all others are skipped, the weights among them.
 * Source: github.com/onnx/onnx, onnx/onnx.proto3, read 2026-11-21.
 */
const root = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        graph: { type: 'Graph', id: 7 },
        opsetImport: { rule: 'repeated', type: 'Opset', id: 8 },
      },
    },
    Opset: { fields: { domain: { type: 'string', id: 1 }, version: { type: 'int64', id: 2 } } },
    Graph: {
      fields: {
        initializer: { rule: 'repeated', type: 'Initializer', id: 5 },
        input: { rule: 'repeated', type: 'Value', id: 11 },
        output: { rule: 'repeated', type: 'Value', id: 12 },
      },
    },
    Initializer: {
      fields: { name: { type: 'string', id: 8 }, externalData: { rule: 'repeated', type: 'Entry', id: 13 } },
    },
    Entry: { fields: { key: { type: 'string', id: 1 }, value: { type: 'string', id: 2 } } },
    Value: { fields: { name: { type: 'string', id: 1 }, type: { type: 'Type', id: 2 } } },
    Type: { fields: { tensorType: { type: 'Tensor', id: 1 } } },
    Tensor: { fields: { elemType: { type: 'int32', id: 1 }, shape: { type: 'Shape', id: 2 } } },
    Shape: { fields: { dim: { rule: 'repeated', type: 'Dim', id: 1 } } },
    Dim: { fields: { dimValue: { type: 'int64', id: 1 }, dimParam: { type: 'string', id: 2 } } },
  },
});

interface Value {
  readonly name: string;
  readonly type?: { readonly tensorType?: { readonly elemType: number; readonly shape?: { readonly dim: Dim[] } } };
}

interface Dim {
  readonly dimValue?: number;
}

interface Decoded {
  readonly graph?: {
    readonly initializer: {
      readonly name: string;
      readonly externalData: { readonly key: string; readonly value: string }[];
    }[];
    readonly input: Value[];
    readonly output: Value[];
  };
  readonly opsetImport: { readonly domain: string; readonly version: number }[];
}

/**
 * Reads what a file takes and gives.
 *
 * @throws Error with the path and the cure when the file is no ONNX graph
 */
export async function readOnnxHeader(path: string): Promise<OnnxHeader> {
  const type = root.lookupType('Model');
  let model: Decoded;
  try {
    // The interface names the fields of the schema above, as they are decoded with defaults.
    model = type.toObject(type.decode(await readFile(path)), {
      longs: Number,
      arrays: true,
      defaults: false,
    }) as Decoded;
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error) throw error;
    throw new Error(`${path} is not an ONNX file. Copy the model again: the file is damaged.`);
  }
  if (model.graph === undefined || model.graph.output.length === 0) {
    throw new Error(`${path} has no graph with outputs. Copy the model again: the file is damaged or no ONNX model.`);
  }
  const { graph, opsetImport } = model;
  // Files of older versions list their weights among the inputs.
  const weights = new Set(graph.initializer.map(({ name }) => name));
  return {
    opset: opsetImport.find(({ domain = '' }) => domain === '' || domain === 'ai.onnx')?.version ?? 1,
    inputs: graph.input.filter(({ name }) => !weights.has(name)).map(describe),
    outputs: graph.output.map(describe),
    files: [
      ...new Set(
        graph.initializer.flatMap(({ externalData }) =>
          externalData.filter(({ key }) => key === 'location').map(({ value }) => value),
        ),
      ),
    ],
  };
}

function describe({ name, type }: Value): GraphValue {
  const tensor = type?.tensorType;
  return {
    name,
    type: tensor?.elemType ?? 0,
    shape: (tensor?.shape?.dim ?? []).map(({ dimValue = -1 }) => (dimValue > 0 ? dimValue : -1)),
  };
}
