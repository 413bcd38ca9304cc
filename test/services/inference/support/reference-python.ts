import { join } from 'node:path';
import { execa } from 'execa';
import { createProgress } from '../../../../local/progress.ts';
import { ensureMiniLm } from '../../../../local/toolchain/minilm.ts';
import { ensurePython } from '../../../../local/toolchain/python.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');

/** A Python interpreter with the reference implementations and the clients, made in the cache at the first use. */
export async function referencePython(): Promise<string> {
  const progress = createProgress();
  const requirements = join(FIXTURES, 'requirements.txt');
  try {
    return await ensurePython({ name: 'inference-tests', requirements, expectedSeconds: 40 }, { progress });
  } finally {
    progress.stop();
  }
}

/** The folder of all-MiniLM-L6-v2 with its real weights, fetched at the first use. */
export async function miniLm(): Promise<string> {
  const progress = createProgress();
  try {
    return await ensureMiniLm({ progress });
  } finally {
    progress.stop();
  }
}

export interface ReferenceRequest {
  /** Content of a `tokenizer.json`. */
  readonly tokenizer: unknown;
  readonly window: number;
  /** Well-formed: Python has no texts with half a character. */
  readonly texts: readonly string[];
  /** Folder of the weights. @default - ids only */
  readonly model?: string;
}

export interface ReferenceAnswer {
  readonly ids: readonly (readonly number[])[];
  readonly embeddings: readonly Float32Array[];
}

/** Runs `fixtures/reference.py`. */
export async function reference(python: string, request: ReferenceRequest): Promise<ReferenceAnswer> {
  const { stdout } = await execa(python, [join(FIXTURES, 'reference.py')], {
    input: JSON.stringify({ model: null, ...request }),
    maxBuffer: 256 * 1024 * 1024,
  });
  const { ids, embeddings } = JSON.parse(stdout) as { ids: number[][]; embeddings: string[] | null };
  return { ids, embeddings: (embeddings ?? []).map(fromBase64) };
}

/** 32-bit floats, lowest byte first. */
export function fromBase64(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer);
}

export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, left, right] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    const [x = 0, y = 0] = [a[at], b[at]];
    dot += x * y;
    left += x * x;
    right += y * y;
  }
  return a.length === b.length ? dot / Math.sqrt(left * right) : Number.NaN;
}
