import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { temporaryFolder } from './support/server.ts';
import { type RunningServer, startProcess } from './support/server-process.ts';
import { TINY, writeTinyModel } from './support/tiny-model.ts';
import { variedTexts } from './support/varied-texts.ts';

const SENTENCE = 'sentence_embedding';
const TOKENS = 'token_embeddings';
const SIZE = TINY.hidden_size;

/** Texts of all lengths; requests name them by their place here. */
const TEXTS = variedTexts(90, 11);

interface Output {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What a client does: it waits a little, asks, and perhaps loses its patience. */
interface Client {
  readonly texts: readonly number[];
  /** Undefined leaves the choice to the server: all of them. */
  readonly outputs: readonly string[] | undefined;
  readonly after: number;
  /** Milliseconds until it hangs up. */
  readonly cancel: number | undefined;
  /** Microseconds that it allows the server. */
  readonly timeout: number | undefined;
}

const mostlyNot = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const client: fc.Arbitrary<Client> = fc.record({
  texts: fc.array(fc.nat(TEXTS.length - 1), { minLength: 1, maxLength: 16 }),
  outputs: fc.constantFrom([SENTENCE], [SENTENCE], [TOKENS], [TOKENS, SENTENCE], [SENTENCE, TOKENS], undefined),
  after: fc.nat(8),
  cancel: mostlyNot(fc.nat(15)),
  timeout: mostlyNot(fc.integer({ min: 1, max: 20_000 })),
});

describe('any interleaving of requests', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: RunningServer;
  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeTinyModel(folder.path);
    const quantized = await writeTinyModel(folder.path, { name: 'tiny-int8' });
    await writeFile(join(quantized, 'serving.json'), JSON.stringify({ quantization: 'int8' }));
    // Batches of few tokens, so that requests are split and joined in many ways.
    server = await startProcess({ MODEL_DIR: folder.path, THREADS: '2', MAX_BATCH_TOKENS: '160', LOG_LEVEL: 'warn' });
  });
  afterAll(async () => {
    await server?.stop();
    await folder?.remove();
  });

  const ask = (model: string, { texts, outputs, timeout }: Client, signal?: AbortSignal): Promise<Response> => {
    const data = texts.map((index) => TEXTS[index]);
    const body = {
      inputs: [{ name: 'text', datatype: 'BYTES', shape: [data.length], data }],
      ...(outputs && { outputs: outputs.map((name) => ({ name })) }),
      ...(timeout !== undefined && { parameters: { timeout } }),
    };
    return fetch(`${server.url}/v2/models/${model}/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  };

  /** Each text computed by itself, with nothing beside it: what every client has to get of it. */
  const alone = async (model: string): Promise<Map<string, number[]>[]> => {
    const rows: Map<string, number[]>[] = [];
    for (const index of TEXTS.keys()) {
      const nobody = { texts: [index], outputs: undefined, after: 0, cancel: undefined, timeout: undefined };
      const { outputs } = (await (await ask(model, nobody)).json()) as { outputs: Output[] };
      rows.push(new Map(outputs.map(({ name, data }) => [name, [...data]])));
    }
    return rows;
  };

  /** The largest difference of an answer to the rows computed alone; padding behind a row's tokens has to be zero. */
  const difference = (
    outputs: readonly Output[],
    wanted: Client,
    expected: readonly Map<string, number[]>[],
  ): number => {
    let most = 0;
    for (const { name, shape, data } of outputs) {
      const width = data.length / wanted.texts.length;
      expect(shape).toEqual(
        name === SENTENCE ? [wanted.texts.length, SIZE] : [wanted.texts.length, width / SIZE, SIZE],
      );
      for (const [row, text] of wanted.texts.entries()) {
        const reference = expected[text]?.get(name) ?? [];
        expect(width).toBeGreaterThanOrEqual(reference.length);
        for (let at = 0; at < width; at++) {
          most = Math.max(most, Math.abs((data[row * width + at] ?? Number.NaN) - (reference[at] ?? 0)));
        }
      }
    }
    return most;
  };

  /** One client from its first thought to its answer; gives the difference, or undefined when it got no answer. */
  const act = async (model: string, wanted: Client, expected: readonly Map<string, number[]>[]) => {
    await delay(wanted.after);
    const controller = new AbortController();
    const impatience = wanted.cancel === undefined ? undefined : setTimeout(() => controller.abort(), wanted.cancel);
    try {
      const answer = await ask(model, wanted, controller.signal);
      if (wanted.timeout !== undefined && answer.status !== 200) {
        // It took longer than it was allowed; nothing else may go wrong.
        expect([answer.status, (await answer.json()) as unknown]).toMatchObject([504, { code: 'request_timeout' }]);
        return undefined;
      }
      expect(answer.status).toBe(200);
      const { outputs } = (await answer.json()) as { outputs: Output[] };
      expect(outputs.map(({ name }) => name)).toEqual(wanted.outputs ?? [SENTENCE, TOKENS]);
      return difference(outputs, wanted, expected);
    } catch (error) {
      if (controller.signal.aborted) return undefined;
      throw error;
    } finally {
      clearTimeout(impatience);
    }
  };

  it.each([
    // Rounding to 8 bits makes a last bit that differs, as sums of other lengths have it, into a step of 1/127.
    ['tiny', 1e-5],
    ['tiny-int8', 0.05],
  ])('gives each its own rows, as it would get them alone: %s within %d', async (model, tolerance) => {
    const expected = await alone(model);
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(client, { minLength: 2, maxLength: 24 }), async (clients) => {
        const differences = await Promise.all(clients.map((each) => act(model, each, expected)));
        for (const each of differences) {
          if (each === undefined) continue;
          answered += 1;
          expect(each).toBeLessThanOrEqual(tolerance);
        }
      }),
      { numRuns: 60 },
    );
    expect(answered).toBeGreaterThan(200);
  });
});
