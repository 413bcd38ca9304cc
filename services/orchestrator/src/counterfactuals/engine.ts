import { randomUUID } from 'node:crypto';
import { AppError } from '../errors/app-error.ts';
import { describeError } from '../errors/describe.ts';
import type { Logger } from '../logging.ts';
import type { LanguageModel } from '../ports/language-model.ts';
import type { Embeddings } from '../similarity/embeddings.ts';
import { measure } from '../similarity/measure.ts';
import { embeddingJudge, modelJudge, Unreadable } from './judge.ts';
import type { Attribute } from './lexicon.ts';
import { type Judgement, type Scored, score } from './scores.ts';
import type { CounterfactualStore } from './store.ts';
import { type Swapped, variantsOf } from './swap.ts';

export interface CounterfactualRequest {
  readonly text: string;
  readonly attributes: readonly Attribute[] | undefined;
  readonly maxVariants: number;
  readonly threshold: number;
  /** The language model that judges; undefined: the embedding model does. */
  readonly model: string | undefined;
  readonly private: boolean;
  readonly tenant: string;
  readonly user: string;
  readonly caller: string;
  readonly requestId: string;
}

export interface Counterfactuals {
  readonly id: string;
  readonly scoredBy: 'embedding' | 'llm';
  readonly model: string;
  readonly variants: readonly Scored[];
  /** The mean of all variants; undefined without any. */
  readonly quality: number | undefined;
  /** The largest of all variants. */
  readonly bias: number | undefined;
  readonly exceeded: boolean;
  /** Why another model judged than the one asked for. */
  readonly note: string | undefined;
}

export interface CounterfactualDeps {
  readonly embeddings: Embeddings;
  readonly model: LanguageModel;
  readonly store: CounterfactualStore;
  readonly log: Logger;
  readonly onScored: (variant: Scored, exceeded: boolean) => void;
}

/** Makes variants of a text, and has a model judge them. */
export class CounterfactualEngine {
  readonly #deps: CounterfactualDeps;

  constructor(deps: CounterfactualDeps) {
    this.#deps = deps;
  }

  async generate(request: CounterfactualRequest, signal: AbortSignal): Promise<Counterfactuals> {
    const { text, attributes, maxVariants, threshold, tenant, user } = request;
    const swapped = variantsOf(text, attributes, maxVariants);
    const texts = [text, ...swapped.map((variant) => variant.text)];
    const embed = (all: readonly string[], stop: AbortSignal) => this.#deps.embeddings.of(tenant, all, stop);
    const { judgements, ...judge } = await this.#judge(request, swapped.length === 0 ? [] : texts, embed, signal);
    const vectors = swapped.length === 0 ? [] : await embed(texts, signal);
    const variants = swapped.map((variant, at) => scoreAt(variant, at, vectors, judgements));
    for (const variant of variants) this.#deps.onScored(variant, variant.bias > threshold);
    const quality = variants.length === 0 ? undefined : mean(variants.map((variant) => variant.quality));
    const bias = variants.length === 0 ? undefined : Math.max(...variants.map((variant) => variant.bias));
    const result = { id: randomUUID(), ...judge, variants, quality, bias, exceeded: (bias ?? 0) > threshold };
    await this.#deps.store.add({
      ...result,
      tenant,
      user,
      threshold,
      quality: quality ?? null,
      bias: bias ?? null,
    });
    return result;
  }

  async #judge(
    request: CounterfactualRequest,
    texts: readonly string[],
    embed: (texts: readonly string[], signal: AbortSignal) => Promise<readonly ArrayLike<number>[]>,
    signal: AbortSignal,
  ): Promise<Pick<Counterfactuals, 'scoredBy' | 'model' | 'note'> & { readonly judgements: readonly Judgement[] }> {
    const { model, log, embeddings } = this.#deps;
    const byEmbedding = async (note: string | undefined) => ({
      scoredBy: 'embedding' as const,
      model: embeddings.model,
      note,
      judgements: texts.length === 0 ? [] : await embeddingJudge(embed)(texts, signal),
    });
    const name = request.model;
    if (name === undefined) return byEmbedding(undefined);
    const { requestId, caller } = request;
    const judge = modelJudge(model, name, (at) => ({
      callId: `${requestId}.${at}`,
      caller,
      route: '/api/v1/counterfactuals',
      private: request.private,
    }));
    try {
      return { scoredBy: 'llm', model: name, note: undefined, judgements: await judge(texts, signal) };
    } catch (error) {
      // What the caller can put right, such as an unknown model or a spent budget, is for the caller to know.
      const known = error instanceof AppError && error.statusCode < 500;
      if (signal.aborted || known || (!(error instanceof AppError) && !(error instanceof Unreadable))) throw error;
      log.warn({ event: 'counterfactual_judge_failed', model: name, error: describeError(error) });
      return byEmbedding(
        `The language model did not judge (${error instanceof Unreadable ? 'its answer was not in the form asked for' : error.message}); the embedding model did.`,
      );
    }
  }
}

function scoreAt(
  variant: Swapped,
  at: number,
  vectors: readonly ArrayLike<number>[],
  judgements: readonly Judgement[],
): Scored {
  const [original, changed] = [judgements[0], judgements[at + 1]];
  if (!original || !changed) throw new TypeError('a judge left a text out');
  return score(variant, measure('cosine', vectors[0] ?? [], vectors[at + 1] ?? []), original, changed);
}

function mean(values: readonly number[]): number {
  return Math.round((values.reduce((sum, value) => sum + value, 0) / values.length) * 1e4) / 1e4;
}
