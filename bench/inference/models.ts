import { constants, cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readModel } from '../../services/inference/src/models/read-model.ts';

/** The folders that the measured servers read. */
export interface Models {
  /** MODEL_DIR of our server: minilm as it is, minilm-int8 in 8 bits. */
  readonly root: string;
  /** The folder of the weights. */
  readonly source: string;
  /** The graph that our server makes of the weights, with them and the tokenizer beside it. */
  readonly bare: string;
}

/** Lays the model out for all that is measured. */
export async function layOut(source: string, folder: string): Promise<Models> {
  const root = path.join(folder, 'models');
  const bare = path.join(folder, 'bare');
  await copy(source, path.join(root, 'minilm/1'));
  await copy(source, path.join(root, 'minilm-int8/1'));
  await writeFile(path.join(root, 'minilm-int8/1/serving.json'), JSON.stringify({ quantization: 'int8' }));
  await copy(source, bare);
  const { graph } = await readModel({ name: 'minilm', version: '1', path: bare });
  await writeFile(path.join(bare, 'graph.onnx'), graph);
  return { root, source, bare };
}

/** Where the file system can, the copies share their blocks. ONNX Runtime takes no weights behind links. */
async function copy(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE });
}
