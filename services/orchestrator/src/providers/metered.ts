import { AppError } from '../errors/app-error.ts';
import type { Metrics } from '../metrics.ts';
import type { ChatAnswer, ChatChunk, ChatRequest, Usage } from '../ports/chat-provider.ts';
import type { Route } from './registry.ts';

/** Calls a provider and counts what happened. */
export class MeteredChat {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  async complete(route: Route, request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer> {
    try {
      const answer = await route.provider.complete({ ...request, model: route.model }, signal);
      this.#count(route, 'success', answer.usage);
      return answer;
    } catch (error) {
      this.#count(route, outcomeOf(error), undefined);
      throw error;
    }
  }

  async stream(route: Route, request: ChatRequest, signal: AbortSignal): Promise<AsyncIterable<ChatChunk>> {
    const started = performance.now();
    try {
      return this.#counted(route, await route.provider.stream({ ...request, model: route.model }, signal), started);
    } catch (error) {
      this.#count(route, outcomeOf(error), undefined);
      throw error;
    }
  }

  async *#counted(route: Route, chunks: AsyncIterable<ChatChunk>, started: number): AsyncGenerator<ChatChunk> {
    let outcome = 'client_closed';
    let usage: Usage | undefined;
    let first = true;
    try {
      for await (const chunk of chunks) {
        if (first && chunk.content) {
          first = false;
          this.#metrics.llmFirstToken.observe(labels(route), (performance.now() - started) / 1000);
        }
        usage = chunk.usage ?? usage;
        yield chunk;
      }
      outcome = 'success';
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      // A reader that stops early never gets to the end of the loop: the client left.
      this.#count(route, outcome, usage);
    }
  }

  #count(route: Route, outcome: string, usage: Usage | undefined): void {
    this.#metrics.llmRequests.inc({ ...labels(route), outcome });
    if (!usage) return;
    this.#metrics.llmTokens.inc({ ...labels(route), kind: 'prompt' }, usage.promptTokens);
    this.#metrics.llmTokens.inc({ ...labels(route), kind: 'completion' }, usage.completionTokens);
  }
}

function labels({ provider, model }: Route): { provider: string; tier: string; model: string } {
  return { provider: provider.name, tier: String(provider.tier), model };
}

function outcomeOf(error: unknown): string {
  return error instanceof AppError ? error.code : 'internal';
}
