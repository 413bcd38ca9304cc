import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BuiltImage } from '../../../local/images/index.ts';
import { Layout } from '../../../local/images/layout.ts';

/** A folder of programs that stand in for real ones, and a record of how they are called. */
export class FakePrograms {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'keelson-fake-'));
  readonly bin = path.join(this.folder, 'bin');
  readonly #log = path.join(this.folder, 'calls');

  constructor() {
    mkdirSync(this.bin);
    writeFileSync(this.#log, '');
  }

  /** @param script - POSIX shell; `$FAKE` is a folder to keep things in */
  add(name: string, script: string): void {
    const file = path.join(this.bin, name);
    writeFileSync(file, `#!/bin/sh\nFAKE='${this.folder}'\necho "${name} $*" >> '${this.#log}'\n${script}\n`);
    chmodSync(file, 0o755);
  }

  /** The calls since the last look. */
  calls(): readonly string[] {
    const lines = readFileSync(this.#log, 'utf8').trim().split('\n');
    writeFileSync(this.#log, '');
    return lines.filter((line) => line !== '');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** An image with one small file. */
export async function smallImage(folder: string): Promise<BuiltImage> {
  const tree = path.join(folder, 'tree');
  mkdirSync(tree, { recursive: true });
  writeFileSync(path.join(tree, 'file'), 'content');
  const layout = new Layout(path.join(folder, 'layout'));
  const layer = await layout.addTree(tree);
  const { digest } = await layout.addImage([layer], [], {});
  const reference = 'keelson.local/small:1-000000000000';
  const image: BuiltImage = {
    reference,
    tags: [reference],
    digest,
    archive: layout.folder,
    inputs: '',
    size: layer.size,
    layers: [layer.digest],
    packages: [],
  };
  await layout.writeIndex([image]);
  return image;
}
