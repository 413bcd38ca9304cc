import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { exitCodes, Failure } from '../failure.ts';
import { type BuiltImage, streamImages } from '../images/index.ts';
import { which } from '../toolchain/installed.ts';

/** Name of the cluster where the person gives none. */
export const defaultKindName = 'keelson';

function program(name: 'docker' | 'kind'): string {
  const found = which(name, process.env.PATH ?? '');
  if (found !== undefined) return found;
  throw new Failure({
    path: name,
    value: 'not found on PATH',
    cure: `Install ${name}, or use the embedded cluster: npm start -- --embedded`,
    exitCode: exitCodes.environment,
  });
}

/** A cluster that kind runs as containers of Docker. */
export class KindCluster {
  readonly #name: string;
  readonly #folder: string;

  /**
   * @param name - as kind calls it
   * @param folder - where its kubeconfig lies, and the record that it was made here
   */
  constructor(name: string, folder: string) {
    this.#name = name;
    this.#folder = folder;
  }

  get kubeconfig(): string {
    return path.join(this.#folder, 'kubeconfig');
  }

  /** Identity of the cluster that was made here. */
  get #record(): string {
    return path.join(this.#folder, 'created');
  }

  /**
   * Makes the cluster exist, and its kubeconfig.
   *
   * @returns whether it was made just now
   * @throws Failure without docker and kind, or when they fail
   */
  async ensure(): Promise<boolean> {
    await this.#docker();
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const own = ['--name', this.#name, '--kubeconfig', this.kubeconfig];
    if (await this.#exists()) {
      await this.#kind(['export', 'kubeconfig', ...own]);
      return false;
    }
    await this.#kind(['create', 'cluster', ...own, '--wait', '3m']);
    return true;
  }

  /** Remembers that the cluster of this identity was made here, and so may be deleted here. */
  claim(id: string): void {
    writeFileSync(this.#record, id);
  }

  async load(images: readonly BuiltImage[]): Promise<void> {
    const archive = path.join(this.#folder, 'images.tar');
    try {
      // A file, because kind reads it once for each node.
      const stream = await streamImages(images, path.join(this.#folder, 'import'));
      await pipeline(stream.stdout, createWriteStream(archive, { mode: 0o600 }));
      await stream.ended;
      await this.#kind(['load', 'image-archive', archive, '--name', this.#name]);
    } finally {
      rmSync(archive, { force: true });
    }
  }

  /**
   * Deletes the cluster if it was made here.
   *
   * @param id - identity of the cluster as the platform last saw it
   * @returns whether there is no such cluster any more
   */
  async delete(id: string | undefined): Promise<boolean> {
    await this.#docker();
    const isOurs = existsSync(this.#record) && readFileSync(this.#record, 'utf8') === id;
    const exists = await this.#exists();
    if (exists && !isOurs) return false;
    if (exists) await this.#kind(['delete', 'cluster', '--name', this.#name, '--kubeconfig', this.kubeconfig]);
    rmSync(this.#folder, { recursive: true, force: true });
    return true;
  }

  async #exists(): Promise<boolean> {
    return (await this.#kind(['get', 'clusters'])).split('\n').includes(this.#name);
  }

  async #docker(): Promise<void> {
    program('kind');
    const result = await execa(program('docker'), ['version', '--format', '{{.Server.Version}}'], { reject: false });
    if (result.exitCode === 0) return;
    throw new Failure({
      path: 'docker',
      value: `its engine does not answer (${result.stderr.trim().split('\n').at(-1) ?? ''})`,
      cure: 'Start it, or use the embedded cluster: npm start -- --embedded',
      exitCode: exitCodes.environment,
    });
  }

  async #kind(args: readonly string[]): Promise<string> {
    const result = await execa(program('kind'), args, { reject: false, stdin: 'ignore', all: true });
    if (result.exitCode === 0) return result.stdout;
    throw new Failure({
      path: `kind ${args.slice(0, 2).join(' ')}`,
      value: `it ended with ${result.exitCode ?? 'an error'}: ${result.all.trim().split('\n').slice(-3).join(' ')}`,
      cure: `See docker ps; kind delete cluster --name ${this.#name} clears a broken cluster away`,
      exitCode: exitCodes.unavailable,
    });
  }
}
