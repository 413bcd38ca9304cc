import { describeError } from '../errors/describe.ts';
import type { Asker, ModelClient } from '../gateway/model-client.ts';
import type { Logger } from '../logging.ts';
import { type Answer, type AnswerMode, type Citation, citation, extractive, none, relevant } from './answer.ts';
import { generationRequest } from './prompt.ts';
import type { Found, Retriever } from './retriever.ts';

/** One part of a streamed answer. */
export type AnswerPart =
  | { readonly kind: 'citations'; readonly citations: readonly Citation[] }
  | { readonly kind: 'delta'; readonly text: string }
  | { readonly kind: 'done'; readonly mode: AnswerMode; readonly grounded: boolean };

export interface AnswererDeps {
  readonly retriever: Retriever;
  readonly models: ModelClient;
  readonly log: Logger;
}

/**
 * Answers questions from the stored documents: worded by a language model where one is configured for that, quoted from the
 * passages where none is or it fails.
 */
export class Answerer {
  readonly #deps: AnswererDeps;

  constructor(deps: AnswererDeps) {
    this.#deps = deps;
  }

  async answer(query: string, limit: number, asker: Asker): Promise<Answer> {
    const found = await relevant(this.#deps.retriever, query, limit, asker.signal);
    if (found.length === 0) return none();
    const model = this.#deps.models.answerModel;
    if (model === undefined) return extractive(query, found);
    try {
      const { text } = await this.#deps.models.complete(generationRequest(query, found, model), asker);
      return { answer: text, mode: 'generated', grounded: true, citations: found.map(citation) };
    } catch (error) {
      if (asker.signal.aborted) throw error;
      this.#note(model, error);
      return extractive(query, found);
    }
  }

  async *stream(query: string, limit: number, asker: Asker): AsyncGenerator<AnswerPart> {
    const found = await relevant(this.#deps.retriever, query, limit, asker.signal);
    yield { kind: 'citations', citations: found.map(citation) };
    const model = this.#deps.models.answerModel;
    if (found.length > 0 && model !== undefined && (yield* this.#generated(model, query, found, asker))) return;
    const { answer, mode, grounded } = extractive(query, found);
    yield { kind: 'delta', text: answer };
    yield { kind: 'done', mode, grounded };
  }

  /** @returns false when the model failed before it said anything: the passages can still answer */
  async *#generated(
    model: string,
    query: string,
    found: readonly Found[],
    asker: Asker,
  ): AsyncGenerator<AnswerPart, boolean> {
    let said = false;
    try {
      for await (const text of this.#deps.models.stream(generationRequest(query, found, model), asker)) {
        said = true;
        yield { kind: 'delta', text };
      }
      yield { kind: 'done', mode: 'generated', grounded: true };
      return true;
    } catch (error) {
      if (said || asker.signal.aborted) throw error;
      this.#note(model, error);
      return false;
    }
  }

  #note(model: string, error: unknown): void {
    this.#deps.log.warn({ event: 'answer_model_failed', model, error: describeError(error) });
  }
}
