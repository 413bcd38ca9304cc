import type { Architecture } from './description.ts';

/** Where the weights of a layer are stored, below its own path. */
export interface LayerNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attended: string;
  readonly attendedNorm: string;
  readonly wide: string;
  readonly narrow: string;
  readonly norm: string;
}

/** How a family of models names its weights, with what its heads compute. */
export interface Names {
  /** In front of all names when the checkpoint was saved with a head on top. */
  readonly prefix: string;
  readonly layers: string;
  readonly layer: LayerNames;
  /** The layer between the first token and the classifier, and its activation. */
  readonly pooler: { readonly path: string; readonly prefixed: boolean; readonly activation: 'Tanh' | 'Relu' };
}

/** Source: `transformers` 4.57, modeling_bert.py and modeling_distilbert.py, read 2026-11. */
export const NAMES: Readonly<Record<Architecture, Names>> = {
  bert: {
    prefix: 'bert.',
    layers: 'encoder.layer',
    layer: {
      query: 'attention.self.query',
      key: 'attention.self.key',
      value: 'attention.self.value',
      attended: 'attention.output.dense',
      attendedNorm: 'attention.output.LayerNorm',
      wide: 'intermediate.dense',
      narrow: 'output.dense',
      norm: 'output.LayerNorm',
    },
    pooler: { path: 'pooler.dense', prefixed: true, activation: 'Tanh' },
  },
  distilbert: {
    prefix: 'distilbert.',
    layers: 'transformer.layer',
    layer: {
      query: 'attention.q_lin',
      key: 'attention.k_lin',
      value: 'attention.v_lin',
      attended: 'attention.out_lin',
      attendedNorm: 'sa_layer_norm',
      wide: 'ffn.lin1',
      narrow: 'ffn.lin2',
      norm: 'output_layer_norm',
    },
    pooler: { path: 'pre_classifier', prefixed: false, activation: 'Relu' },
  },
};

/** The layer that gives the scores of a classifier. */
export const CLASSIFIER = 'classifier';
