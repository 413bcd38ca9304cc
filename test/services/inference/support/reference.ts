import { TINY, type Weights } from './tiny-model.ts';

type Matrix = number[][];

/**
 * The forward pass of BERT, written down as the formulas say and in 64 bits, to compare the exported graph with. It
 * shares nothing with it but the weights.
 */
export class ReferenceEncoder {
  readonly #weights: Weights;

  constructor(weights: Weights) {
    this.#weights = weights;
  }

  /** The vectors of the tokens. */
  tokens(ids: readonly number[], mask = ids.map(() => 1), types = ids.map(() => 0)): Matrix {
    const row = (name: string, index: number): number[] => {
      const { shape, values } = this.#weight(`embeddings.${name}.weight`);
      const width = shape[1] ?? 0;
      return Array.from(values.subarray(index * width, (index + 1) * width));
    };
    const sums = ids.map((id, at) =>
      add(
        add(row('word_embeddings', id), row('position_embeddings', at)),
        row('token_type_embeddings', types[at] ?? 0),
      ),
    );
    let hidden = sums.map((vector) => this.#norm('embeddings.LayerNorm', vector));
    for (let layer = 0; layer < TINY.num_hidden_layers; layer++) hidden = this.#layer(layer, hidden, mask);
    return hidden;
  }

  /** The mean of the tokens that count, of length 1. */
  sentence(ids: readonly number[], mask = ids.map(() => 1), types?: number[]): number[] {
    const vectors = this.tokens(ids, mask, types).filter((_, at) => mask[at] === 1);
    const sum = vectors.reduce(add);
    const length = Math.hypot(...sum);
    return sum.map((value) => value / length);
  }

  /** The scores of a classifier over the first token. */
  logits(ids: readonly number[], types?: number[]): number[] {
    const [first = []] = this.tokens(ids, undefined, types);
    const pooled = this.#linear('pooler.dense', first).map(Math.tanh);
    return this.#linear('classifier', pooled);
  }

  #layer(layer: number, input: Matrix, mask: readonly number[]): Matrix {
    const path = `encoder.layer.${layer}`;
    const heads = TINY.num_attention_heads;
    const width = TINY.hidden_size / heads;
    const [queries, keys, values] = ['query', 'key', 'value'].map((part) =>
      input.map((vector) => this.#linear(`${path}.attention.self.${part}`, vector)),
    ) as [Matrix, Matrix, Matrix]; // three names give three matrices
    return input.map((vector, at) => {
      const mixed: number[] = [];
      for (let head = 0; head < heads; head++) {
        const slice = (of: number[] = []): number[] => of.slice(head * width, (head + 1) * width);
        const scores = keys.map((key, to) =>
          mask[to] === 1 ? Math.exp(dot(slice(queries[at]), slice(key)) / Math.sqrt(width)) : 0,
        );
        const total = scores.reduce((a, b) => a + b);
        const parts = values.map((value, to) => slice(value).map((x) => (x * (scores[to] ?? 0)) / total));
        mixed.push(...parts.reduce(add));
      }
      const attended = this.#linear(`${path}.attention.output.dense`, mixed);
      const middle = this.#norm(`${path}.attention.output.LayerNorm`, add(attended, vector));
      const wide = this.#linear(`${path}.intermediate.dense`, middle).map(gelu);
      return this.#norm(`${path}.output.LayerNorm`, add(this.#linear(`${path}.output.dense`, wide), middle));
    });
  }

  #linear(name: string, vector: readonly number[]): number[] {
    const { values } = this.#weight(`${name}.weight`);
    const width = vector.length;
    return Array.from(this.#weight(`${name}.bias`).values, (bias, row) =>
      vector.reduce((sum, x, column) => sum + x * (values[row * width + column] ?? 0), bias),
    );
  }

  #norm(name: string, vector: readonly number[]): number[] {
    const scale = this.#weight(`${name}.weight`).values;
    const shift = this.#weight(`${name}.bias`).values;
    const mean = vector.reduce((a, b) => a + b) / vector.length;
    const variance = vector.reduce((sum, x) => sum + (x - mean) ** 2, 0) / vector.length;
    return vector.map(
      (x, at) => ((x - mean) / Math.sqrt(variance + TINY.layer_norm_eps)) * (scale[at] ?? 0) + (shift[at] ?? 0),
    );
  }

  #weight(name: string): { shape: readonly number[]; values: Float32Array } {
    // Checkpoints with a head on top have the encoder under a prefix.
    const weight = this.#weights.get(name) ?? this.#weights.get(`bert.${name}`);
    if (weight === undefined) throw new Error(`no weight ${name}`);
    return weight;
  }
}

function add(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, at) => value + (b[at] ?? 0));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

function gelu(x: number): number {
  return 0.5 * x * (1 + erf(x / Math.SQRT2));
}

/** The error function by its series; exact to 1e-12 for the values that occur here. */
function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** The largest difference of two vectors. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let at = 0; at < a.length; at++) most = Math.max(most, Math.abs((a[at] ?? 0) - (b[at] ?? 0)));
  return most;
}
