import { describeError } from '../errors/describe.ts';
import type { Logger } from '../logging.ts';
import { chunkText } from '../providers/chat-format.ts';
import type { MeteredChat } from '../providers/metered.ts';
import type { Providers, Route } from '../providers/registry.ts';
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
  readonly providers: Providers;
  readonly chat: MeteredChat;
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

  async answer(query: string, limit: number, signal: AbortSignal): Promise<Answer> {
    const found = await relevant(this.#deps.retriever, query, limit, signal);
    if (found.length === 0) return none();
    const route = this.#deps.providers.answers;
    if (!route) return extractive(query, found);
    try {
      const { text } = await this.#deps.chat.complete(route, generationRequest(query, found, route.model), signal);
      return { answer: text, mode: 'generated', grounded: true, citations: found.map(citation) };
    } catch (error) {
      if (signal.aborted) throw error;
      this.#note(route, error);
      return extractive(query, found);
    }
  }

  async *stream(query: string, limit: number, signal: AbortSignal): AsyncGenerator<AnswerPart> {
    const found = await relevant(this.#deps.retriever, query, limit, signal);
    yield { kind: 'citations', citations: found.map(citation) };
    const route = this.#deps.providers.answers;
    if (found.length > 0 && route && (yield* this.#generated(route, query, found, signal))) return;
    const { answer, mode, grounded } = extractive(query, found);
    yield { kind: 'delta', text: answer };
    yield { kind: 'done', mode, grounded };
  }

  /** @returns false when the model failed before it said anything: the passages can still answer */
  async *#generated(
    route: Route,
    query: string,
    found: readonly Found[],
    signal: AbortSignal,
  ): AsyncGenerator<AnswerPart, boolean> {
    let said = false;
    try {
      for await (const chunk of await this.#deps.chat.stream(
        route,
        generationRequest(query, found, route.model),
        signal,
      )) {
        const text = chunkText(chunk.data);
        if (text === '') continue;
        said = true;
        yield { kind: 'delta', text };
      }
      yield { kind: 'done', mode: 'generated', grounded: true };
      return true;
    } catch (error) {
      if (said || signal.aborted) throw error;
      this.#note(route, error);
      return false;
    }
  }

  #note({ provider, model }: Route, error: unknown): void {
    this.#deps.log.warn({ event: 'answer_model_failed', provider: provider.name, model, error: describeError(error) });
  }
}
