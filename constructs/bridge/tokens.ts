import { all, type Input, type Output } from '@pulumi/pulumi';
import { problem } from '../problem.ts';
import { isObject, type Json, type Manifest } from './manifest.ts';

/** A manifest value in which Outputs stand for the tokens. */
export type Resolved = Input<Json> | readonly Resolved[] | { readonly [key: string]: Resolved };

// Letters, digits and underscores only: the marker survives JSON, URLs and shell quoting unchanged.
const marker = /KeelsonOutput_(\d+)_(\d+)_/g;
const trace = /keelson_?output/i;

let registries = 0;

/**
 * Carries Pulumi Outputs through constructs that know only strings: `token` gives a marker, the bridge puts the Output back.
 * Secret Outputs stay secret. A value goes in as it is, so what stands around it has to quote it.
 */
export class Tokens {
  readonly #registry = registries++;
  readonly #outputs: Output<string>[] = [];

  /** A string that stands for the Output. It may be part of a longer string. */
  token(output: Output<string>): string {
    this.#outputs.push(output);
    return `KeelsonOutput_${this.#registry}_${this.#outputs.length - 1}_`;
  }

  /**
   * The manifest with Outputs in place of tokens. Fails on a token where the value has to be known while planning
   * (names, namespaces, labels, keys), on one of another registry, and on one that was altered on its way.
   */
  resolve(manifest: Manifest, id: string): { readonly [key: string]: Resolved } {
    return Object.fromEntries(Object.entries(manifest).map(([key, value]) => [key, this.#value(value, [key], id)]));
  }

  #value(value: Json, path: readonly string[], id: string): Resolved {
    if (typeof value === 'string') return this.#text(value, path, id);
    if (Array.isArray(value)) return value.map((item, index) => this.#value(item, [...path, String(index)], id));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        if (trace.test(key)) fail(id, [...path, key], 'use a key that is known while planning');
        return [key, this.#value(inner, [...path, key], id)];
      }),
    );
  }

  #text(text: string, path: readonly string[], id: string): Resolved {
    if (encodes(path) && trace.test(Buffer.from(text, 'base64').toString('latin1'))) {
      fail(id, path, 'an Output cannot be encoded before it is known: use stringData');
    }
    if (!trace.test(text)) return text;
    if (fixed(path))
      fail(id, path, 'use a value that is known while planning: names, namespaces and labels identify objects');
    const parts = text.split(marker);
    // split with two groups: text, registry, index, text, registry, index, ..., text
    const pieces: Input<string>[] = [];
    for (let index = 0; index < parts.length; index += 3) {
      const literal = parts[index] ?? '';
      if (trace.test(literal)) fail(id, path, 'this token was altered on its way: pass it on as one piece');
      if (literal !== '') pieces.push(literal);
      if (index + 2 >= parts.length) break;
      const output = Number(parts[index + 1]) === this.#registry ? this.#outputs[Number(parts[index + 2])] : undefined;
      if (output === undefined)
        fail(id, path, 'no Output belongs to this token: make it with the Tokens that the bridge gets');
      pieces.push(output);
    }
    return all(pieces).apply((known) => known.join(''));
  }
}

/** Values that have to be known while planning. */
function fixed(path: readonly string[]): boolean {
  const last = path.at(-1);
  const holder = path.at(-2);
  if (path.length === 1) return last === 'apiVersion' || last === 'kind';
  if (holder === 'metadata') return last === 'name' || last === 'namespace';
  return holder === 'labels' || holder === 'matchLabels' || (holder === 'selector' && path.length === 3);
}

/** Values that Kubernetes holds in base64. */
function encodes(path: readonly string[]): boolean {
  return path.length === 2 && (path[0] === 'data' || path[0] === 'binaryData');
}

function fail(id: string, path: readonly string[], cure: string): never {
  throw new Error(`[${id}] ${problem({ path: path.join('.'), value: 'token of an Output', cure })}`);
}
