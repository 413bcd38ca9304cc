import { describeInputs, describeOutputs } from '../models/interface.ts';
import type { Registry } from '../models/registry.ts';
import type { TensorDescription } from './tensor-description.ts';

/** A model as the Open Inference Protocol describes it. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: string[];
  readonly platform: string;
  readonly inputs: TensorDescription[];
  readonly outputs: TensorDescription[];
}

/** @throws ApiError when the model is unknown or not ready */
export function describeModel(registry: Registry, name: string, version: string | undefined): ModelMetadata {
  const model = registry.resolve(name, version);
  return {
    name: model.name,
    versions: registry
      .entries()
      .filter((entry) => entry.name === name && entry.state === 'ready')
      .map((entry) => entry.version),
    platform: 'onnxruntime_onnx',
    inputs: describeInputs(model),
    outputs: describeOutputs(model),
  };
}
