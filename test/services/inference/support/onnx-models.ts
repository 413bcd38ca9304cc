import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphBuilder } from '../../../../services/inference/src/onnx/graph.ts';

const TOKENIZER = join(import.meta.dirname, '../fixtures/tokenizer.json');

async function write(root: string, name: string, files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = join(root, name, '1');
  await mkdir(folder, { recursive: true });
  await Promise.all(Object.entries(files).map(([file, content]) => writeFile(join(folder, file), content)));
  return folder;
}

/** `sum = a + b` in 32-bit floats, `twice = 2 * count` in 64-bit integers; rows are independent of each other. */
export function writeSum(root: string, serving: object = {}, name = 'sum'): Promise<string> {
  const g = new GraphBuilder();
  g.input('a', 'FLOAT', ['n', 3]);
  g.input('b', 'FLOAT', ['n', 3]);
  g.input('count', 'INT64', ['n']);
  g.output('sum', g.node('Add', ['a', 'b']), 'FLOAT', ['n', 3]);
  g.output('twice', g.node('Add', ['count', 'count']), 'INT64', ['n']);
  return write(root, name, { 'model.onnx': g.encode('sum'), 'serving.json': JSON.stringify(serving) });
}

/** Gives texts, halves, truth values and bytes back as they are, and how many texts there are. */
export function writeEcho(root: string): Promise<string> {
  const g = new GraphBuilder();
  for (const [name, type] of ECHOED) {
    g.input(name, type, ['n']);
    g.output(`${name}_back`, name, type, ['n']);
  }
  g.output('texts', g.node('Shape', ['text']), 'INT64', [1]);
  return write(root, 'echo', { 'model.onnx': g.encode('echo') });
}

export const ECHOED = [
  ['text', 'STRING'],
  ['half', 'FLOAT16'],
  ['truth', 'BOOL'],
  ['byte', 'UINT8'],
  ['double', 'DOUBLE'],
] as const;

const WIDTH = 4;

/** The vector of a token in the exported encoder below. */
export function tokenVector(id: number): number[] {
  return Array.from({ length: WIDTH }, (_, at) => Math.sin(id + at));
}

/** An encoder as exports are: tokens in 64 bits, a vector for each token, and a tokenizer beside it. */
export async function writeExportedEncoder(root: string, vocabulary = 2048): Promise<string> {
  const g = new GraphBuilder();
  g.input('input_ids', 'INT64', ['batch', 'sequence']);
  g.input('attention_mask', 'INT64', ['batch', 'sequence']);
  const table = Float32Array.from(Array.from({ length: vocabulary }, (_, id) => tokenVector(id)).flat());
  const rows = g.node('Gather', [g.weight('table', 'FLOAT', [vocabulary, WIDTH], table), 'input_ids']);
  g.output('last_hidden_state', rows, 'FLOAT', ['batch', 'sequence', WIDTH]);
  const folder = await write(root, 'exported', {
    'model.onnx': g.encode('exported'),
    'config.json': JSON.stringify({ hidden_size: WIDTH, vocab_size: vocabulary, max_position_embeddings: 64 }),
    'modules.json': JSON.stringify([{ type: 'x.Transformer' }, { type: 'x.Normalize' }]),
  });
  await copyFile(TOKENIZER, join(folder, 'tokenizer.json'));
  return folder;
}

/** A classifier as exports are: its score is the number of tokens of the second text. */
export async function writeExportedClassifier(root: string): Promise<string> {
  const g = new GraphBuilder();
  for (const name of ['input_ids', 'attention_mask', 'token_type_ids']) g.input(name, 'INT64', ['batch', 'sequence']);
  const counted = g.node('Cast', [g.node('Mul', ['token_type_ids', 'attention_mask'])], { attributes: { to: 1 } });
  g.output('logits', g.node('ReduceSum', [counted, g.ints([1])], { attributes: { keepdims: 1 } }), 'FLOAT', [
    'batch',
    1,
  ]);
  const folder = await write(root, 'judge', {
    'model.onnx': g.encode('judge'),
    'config.json': JSON.stringify({ hidden_size: WIDTH, vocab_size: 2048, max_position_embeddings: 64 }),
  });
  await copyFile(TOKENIZER, join(folder, 'tokenizer.json'));
  return folder;
}

/** `sum = a + 10, 20, 30`, with the constants in a file beside the graph, as those have it that outgrow 2 GB. */
export function writeLargeSum(root: string): Promise<string> {
  const g = new GraphBuilder();
  const data = Float32Array.of(10, 20, 30);
  const file = 'model.onnx_data';
  const added = g.external('added', 'FLOAT', [3], { file, offset: 0, length: data.byteLength });
  g.input('a', 'FLOAT', ['n', 3]);
  g.output('sum', g.node('Add', ['a', added]), 'FLOAT', ['n', 3]);
  return write(root, 'large', { 'model.onnx': g.encode('large'), [file]: new Uint8Array(data.buffer) });
}
