import { type Dimension, float, GraphBuilder } from '../onnx/graph.ts';
import type { DataType } from '../onnx/schema.ts';
import type { BertDescription } from './description.ts';
import { CLASSIFIER, NAMES, type Names } from './names.ts';
import type { QuantizedLayer, QuantizedWeights } from './quantize.ts';
import { QuantizedLinear } from './quantized-linear.ts';
import type { TensorEntry } from './safetensors.ts';

/** Names of the graph's values, as the sentence-encoder exports of the ecosystem call them. */
export const INPUT_IDS = 'input_ids';
export const ATTENTION_MASK = 'attention_mask';
export const TOKEN_TYPE_IDS = 'token_type_ids';
export const SENTENCE_EMBEDDING = 'sentence_embedding';
export const TOKEN_EMBEDDINGS = 'token_embeddings';
export const LOGITS = 'logits';

/** Added to the score of a masked position: e^-10000 is exactly 0 in 32 bits, and stays finite where all are masked. */
const MASKED = -10_000;

const STORED_TYPES: Readonly<Record<string, DataType>> = { F32: 'FLOAT', F16: 'FLOAT16', BF16: 'BFLOAT16' };

/** The weights that a graph is built over. */
export interface BertWeights {
  /** Name of the safetensors file. */
  readonly file: string;
  /** Where it lies, relative to the folder that the session is given. @default - as it is named */
  readonly location?: string;
  readonly index: ReadonlyMap<string, TensorEntry>;
  /** Matrices to compute with in 8 bits, by name. @default - none */
  readonly quantized?: QuantizedWeights;
}

/**
 * Builds the ONNX graph of a BERT encoder with pooling and normalisation, or with a classifier on top, from the
 * weights' table of contents.
 *
 * The weights stay where they are: the graph points into the safetensors file, so it is a few kilobytes, takes
 * milliseconds to build, and every session maps the same pages of the file. Only standard operators are used for 32
 * bits; ONNX Runtime fuses them itself, and the fused operators written out by hand were no faster.
 *
 * @throws Error when a weight is missing or has another shape than the configuration says
 */
export function buildBertGraph(description: BertDescription, weights: BertWeights): Uint8Array {
  return new BertExporter(description, weights).build();
}

/** As {@link buildBertGraph}, with what comes out of the normalisations in the place of the outputs: see {@link largestOf}. */
export function buildObservedGraph(description: BertDescription, weights: BertWeights): Uint8Array {
  return new BertExporter(description, weights).buildObserved();
}

/** The output of an observed graph with the largest size in each column behind a layer normalisation. */
export function largestOf(path: string): string {
  return `largest:${path}`;
}

/** Scores that the classifier gives; undefined when the weights are those of an encoder alone. */
export function classifierLabels({ index }: BertWeights): number | undefined {
  return index.get(`${CLASSIFIER}.weight`)?.shape[0];
}

/** The matrices of the layers, which are nearly all of the computing, by what they read. */
export function quantizedLayers({ architecture, layers }: BertDescription, { index }: BertWeights): QuantizedLayer[] {
  const names = NAMES[architecture];
  const { query, key, value, attended, attendedNorm, wide, narrow, norm } = names.layer;
  const prefix = prefixOf(names, index);
  return Array.from({ length: layers }, (_, layer): QuantizedLayer[] => {
    const path = `${prefix}${names.layers}.${layer}`;
    const before = layer === 0 ? `${prefix}embeddings.LayerNorm` : `${prefix}${names.layers}.${layer - 1}.${norm}`;
    const weights = (...parts: readonly string[]): string[] => parts.map((part) => `${path}.${part}.weight`);
    return [
      { matrices: weights(query, key, value), input: { kind: 'normalised', path: before } },
      { matrices: weights(attended), input: { kind: 'signed' } },
      { matrices: weights(wide), input: { kind: 'normalised', path: `${path}.${attendedNorm}` } },
      { matrices: weights(narrow), input: { kind: 'gelu' } },
    ];
  }).flat();
}

/** A checkpoint saved from a model with a head on top has the encoder under a prefix. */
function prefixOf({ prefix }: Names, index: ReadonlyMap<string, TensorEntry>): string {
  return index.has(`${prefix}embeddings.word_embeddings.weight`) ? prefix : '';
}

class BertExporter {
  readonly #graph = new GraphBuilder();
  readonly #quantized = new QuantizedLinear(this.#graph);
  /** Outputs of the layer normalisations, by the path of their weights. */
  readonly #normalised = new Map<string, string>();
  readonly #model: BertDescription;
  readonly #weights: BertWeights;
  readonly #names: Names;
  readonly #prefix: string;

  constructor(model: BertDescription, weights: BertWeights) {
    this.#model = model;
    this.#weights = weights;
    this.#names = NAMES[model.architecture];
    this.#prefix = prefixOf(this.#names, weights.index);
  }

  build(): Uint8Array {
    const { hidden, present } = this.#encoder();
    const size = this.#model.hiddenSize;
    const labels = classifierLabels(this.#weights);
    if (labels !== undefined) {
      this.#graph.output(LOGITS, this.#logits(hidden, labels), 'FLOAT', ['batch', labels]);
      return this.#graph.encode(this.#model.architecture);
    }
    this.#graph.output(SENTENCE_EMBEDDING, this.#sentence(hidden, present), 'FLOAT', ['batch', size]);
    this.#graph.output(TOKEN_EMBEDDINGS, hidden, 'FLOAT', ['batch', 'sequence', size]);
    return this.#graph.encode(this.#model.architecture);
  }

  buildObserved(): Uint8Array {
    this.#encoder();
    for (const [path, value] of this.#normalised) {
      const largest = this.#graph.node('ReduceMax', [this.#graph.node('Abs', [value])], {
        attributes: { axes: [0, 1], keepdims: 0 },
      });
      this.#graph.output(largestOf(path), largest, 'FLOAT', [this.#model.hiddenSize]);
    }
    return this.#graph.encode(this.#model.architecture);
  }

  #encoder(): { hidden: string; present: string } {
    const axes: Dimension[] = ['batch', 'sequence'];
    const ids = this.#graph.input(INPUT_IDS, 'INT32', axes);
    const mask = this.#graph.input(ATTENTION_MASK, 'INT32', axes);
    const types = this.#model.typeVocabularySize > 1 ? this.#graph.input(TOKEN_TYPE_IDS, 'INT32', axes) : undefined;
    const present = this.#graph.node('Cast', [mask], { attributes: { to: 1 } });

    let hidden = this.#embeddings(ids, types);
    const scores = this.#maskedScores(present);
    for (let layer = 0; layer < this.#model.layers; layer++) hidden = this.#layer(layer, hidden, scores);
    return { hidden, present };
  }

  #embeddings(ids: string, types: string | undefined): string {
    const g = this.#graph;
    const { hiddenSize: size, vocabularySize, maxPositions, typeVocabularySize } = this.#model;
    const length = g.node('Gather', [g.node('Shape', [ids]), g.ints([1])], { attributes: { axis: 0 } });
    const positions = this.#inner('embeddings.position_embeddings.weight', [maxPositions, size]);
    let sum = g.node('Gather', [this.#inner('embeddings.word_embeddings.weight', [vocabularySize, size]), ids]);
    if (types !== undefined) {
      const table = this.#inner('embeddings.token_type_embeddings.weight', [typeVocabularySize, size]);
      sum = g.node('Add', [sum, g.node('Gather', [table, types])]);
    }
    const position = g.node('Slice', [positions, g.ints([0]), length, g.ints([0])]);
    return this.#layerNorm(`${this.#prefix}embeddings.LayerNorm`, g.node('Add', [sum, position]));
  }

  #layer(index: number, input: string, mask: string): string {
    const g = this.#graph;
    const names = this.#names.layer;
    const path = `${this.#prefix}${this.#names.layers}.${index}`;
    const { hiddenSize: size, intermediateSize: wide } = this.#model;
    const context = this.#attention(path, input, mask);
    const attended = this.#linear(`${path}.${names.attended}`, context, size, size);
    const middle = this.#layerNorm(`${path}.${names.attendedNorm}`, g.node('Add', [attended, input]));
    const widened = this.#gelu(this.#linear(`${path}.${names.wide}`, middle, size, wide));
    const narrowed = this.#linear(`${path}.${names.narrow}`, widened, wide, size);
    return this.#layerNorm(`${path}.${names.norm}`, g.node('Add', [narrowed, middle]));
  }

  #attention(path: string, input: string, mask: string): string {
    const g = this.#graph;
    const names = this.#names.layer;
    const { hiddenSize: size, heads } = this.#model;
    const perHead = size / heads;
    const project = (name: string, perm: readonly number[]): string => {
      const projected = this.#linear(`${path}.${name}`, input, size, size);
      return g.node('Transpose', [g.node('Reshape', [projected, g.ints([0, 0, heads, perHead])])], {
        attributes: { perm },
      });
    };
    const query = project(names.query, [0, 2, 1, 3]);
    const key = project(names.key, [0, 2, 3, 1]);
    const value = project(names.value, [0, 2, 1, 3]);
    const scores = g.node('Div', [g.node('MatMul', [query, key]), g.scalar(Math.sqrt(perHead))]);
    const weights = g.node('Softmax', [g.node('Add', [scores, mask])], { attributes: { axis: -1 } });
    const mixed = g.node('Transpose', [g.node('MatMul', [weights, value])], { attributes: { perm: [0, 2, 1, 3] } });
    return g.node('Reshape', [mixed, g.ints([0, 0, size])]);
  }

  /** [batch, 1, 1, sequence]: 0 where a token is, {@link MASKED} where padding is. */
  #maskedScores(present: string): string {
    const g = this.#graph;
    const absent = g.node('Sub', [g.scalar(1), g.node('Unsqueeze', [present, g.ints([1, 2])])]);
    return g.node('Mul', [absent, g.scalar(MASKED)]);
  }

  #sentence(hidden: string, present: string): string {
    const g = this.#graph;
    const pooled = this.#model.pooling === 'mean' ? this.#mean(hidden, present) : this.#first(hidden);
    if (!this.#model.normalize) return pooled;
    const length = g.node('ReduceL2', [pooled], { attributes: { axes: [1], keepdims: 1 } });
    return g.node('Div', [pooled, g.node('Max', [length, g.scalar(1e-12)])]);
  }

  /** The classifier over the first token, as it is trained: a layer, its activation, and one that gives the scores. */
  #logits(hidden: string, labels: number): string {
    const { path, prefixed, activation } = this.#names.pooler;
    const { hiddenSize: size } = this.#model;
    const pooled = this.#linear((prefixed ? this.#prefix : '') + path, this.#first(hidden), size, size);
    return this.#linear(CLASSIFIER, this.#graph.node(activation, [pooled]), size, labels);
  }

  /** The mask as a one-row matrix times the tokens: the masked sum, without a masked copy of the tokens. */
  #mean(hidden: string, present: string): string {
    const g = this.#graph;
    const row = g.node('Unsqueeze', [present, g.ints([1])]);
    const sum = g.node('Squeeze', [g.node('MatMul', [row, hidden]), g.ints([1])]);
    return g.node('Div', [sum, g.node('Max', [g.node('ReduceSum', [present, g.ints([1])]), g.scalar(1e-9)])]);
  }

  #first(hidden: string): string {
    return this.#graph.node('Gather', [hidden, this.#graph.ints([0], true)], { attributes: { axis: 1 } });
  }

  /** The exact GELU, by the error function; the tanh form differs in the fourth digit. */
  #gelu(input: string): string {
    const g = this.#graph;
    const erf = g.node('Erf', [g.node('Div', [input, g.scalar(Math.SQRT2)])]);
    return g.node('Mul', [g.node('Mul', [input, g.node('Add', [erf, g.scalar(1)])]), g.scalar(0.5)]);
  }

  #linear(path: string, input: string, from: number, to: number): string {
    const name = `${path}.weight`;
    const entry = this.#entry(name, [to, from]);
    const quantized = this.#weights.quantized?.get(name);
    if (quantized !== undefined) {
      return this.#quantized.add(name, quantized, input, this.#weight(`${path}.bias`, [to]));
    }
    const turned = this.#graph.node('Transpose', [this.#stored(name, entry)], { attributes: { perm: [1, 0] } });
    return this.#graph.node('Add', [this.#graph.node('MatMul', [input, turned]), this.#weight(`${path}.bias`, [to])]);
  }

  #layerNorm(path: string, input: string): string {
    const shape = [this.#model.hiddenSize];
    const normalised = this.#graph.node(
      'LayerNormalization',
      [input, this.#weight(`${path}.weight`, shape), this.#weight(`${path}.bias`, shape)],
      { attributes: { axis: -1, epsilon: float(this.#model.layerNormEpsilon) } },
    );
    this.#normalised.set(path, normalised);
    return normalised;
  }

  /** A weight of the encoder, below its prefix. */
  #inner(name: string, shape: readonly number[]): string {
    return this.#weight(this.#prefix + name, shape);
  }

  #weight(name: string, shape: readonly number[]): string {
    return this.#stored(name, this.#entry(name, shape));
  }

  #entry(name: string, shape: readonly number[]): TensorEntry {
    const { file, index } = this.#weights;
    const entry = index.get(name);
    if (entry === undefined) {
      throw new Error(`${file} has no tensor "${name}". Is it the file that config.json belongs to?`);
    }
    if (entry.shape.length !== shape.length || entry.shape.some((size, axis) => size !== shape[axis])) {
      throw new Error(
        `${file}: "${name}" is [${entry.shape}], but config.json needs [${shape}]. Use the config.json of the same checkpoint.`,
      );
    }
    return entry;
  }

  #stored(name: string, entry: TensorEntry): string {
    const { file, location = file } = this.#weights;
    const type = STORED_TYPES[entry.dtype];
    if (type === undefined) {
      throw new Error(`${file}: "${name}" is stored as ${entry.dtype}. Save the model as F32, F16 or BF16.`);
    }
    const stored = this.#graph.external(name, type, entry.shape, { file: location, ...entry });
    return type === 'FLOAT' ? stored : this.#graph.node('Cast', [stored], { attributes: { to: 1 } });
  }
}
