/** The messages of the service as the loader gives and takes them: names as in the proto, numbers as numbers. */

export interface NameAndVersion {
  readonly name: string;
  readonly version: string;
}

export interface TensorContents {
  readonly bool_contents: readonly boolean[];
  readonly int_contents: readonly number[];
  readonly int64_contents: readonly number[];
  readonly uint_contents: readonly number[];
  readonly uint64_contents: readonly number[];
  readonly fp32_contents: readonly number[];
  readonly fp64_contents: readonly number[];
  readonly bytes_contents: readonly Buffer[];
}

/** One of its fields is set; `parameter_choice` names it. */
export interface Parameter {
  readonly parameter_choice?: string;
  readonly bool_param?: boolean;
  readonly int64_param?: number;
  readonly uint64_param?: number;
  readonly double_param?: number;
  readonly string_param?: string;
  readonly bytes_param?: Buffer;
}

export type Parameters = Readonly<Record<string, Parameter>>;

export interface InferInputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contents: TensorContents | null;
}

export interface ModelInferRequest {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly InferInputTensor[];
  readonly outputs: readonly { readonly name: string }[];
  readonly raw_input_contents: readonly Buffer[];
}

export interface RepositoryRequest {
  readonly model_name: string;
  readonly parameters: Parameters;
}

export interface RepositoryIndexRequest {
  readonly ready: boolean;
}

/** The value of a parameter, whichever kind it is. */
export function parameterValue(parameter: Parameter | undefined): unknown {
  if (parameter === undefined) return undefined;
  const { bool_param, int64_param, uint64_param, double_param, string_param } = parameter;
  return string_param ?? int64_param ?? uint64_param ?? double_param ?? bool_param;
}
