import { randomUUID } from 'node:crypto';
import { AppError } from '../errors/app-error.ts';
import { describeError } from '../errors/describe.ts';
import type { Logger } from '../logging.ts';
import type { LanguageModel, ModelContext } from '../ports/language-model.ts';
import { summarise } from './metrics.ts';
import { judgeMessages, matchesExpected, promptFor, readScore } from './prompt.ts';
import type { ExperimentStore } from './store.ts';
import type { Experiment, RunMetrics, SampleResult } from './types.ts';

export interface RunnerDeps {
  readonly store: ExperimentStore;
  readonly model: LanguageModel;
  readonly log: Logger;
  /** Between two signs of life. @default 10000 */
  readonly heartbeatMs?: number;
}

/** What a run works through. */
export interface RunInput {
  readonly samples: readonly string[];
  /** What the answer to each sample has to contain; undefined: a second model judges, where there is one. */
  readonly expected: readonly string[] | undefined;
  readonly language: string | undefined;
  readonly caller: string;
}

/** Samples of one run that are asked at a time. */
const AT_ONCE = 4;

const RUN_ROUTE = '/api/v1/experiments/run/:id';

/** Works through runs in the background, after the request that began them was answered. */
export class ExperimentRunner {
  readonly #deps: RunnerDeps;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
  }

  /** Begins to work through a run that the store has begun. Never rejects: how it ended is in the store. */
  start(run: string, experiment: Experiment, input: RunInput): void {
    const work = this.#work(run, experiment, input).finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  /** Ends the runs under way; they are said to have failed. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  /** Resolves when no run is under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #work(run: string, experiment: Experiment, input: RunInput): Promise<void> {
    const { store, log } = this.#deps;
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, this.#stopping.signal]);
    const beat = setInterval(() => {
      void store
        .beat(run)
        .then((alive) => {
          if (!alive) ended.abort();
        })
        // Without the database for long, others take the run for dead; and so it is, as nothing can be stored.
        .catch(() => undefined);
    }, this.#deps.heartbeatMs ?? 10_000);
    try {
      const results = await this.#answers(run, experiment, input, signal, ended);
      if (results === undefined) return;
      const by: RunMetrics['accuracy_by'] = input.expected ? 'expected' : 'judge';
      await store.finish(run, { status: 'completed', metrics: summarise(results, input.samples.length, by) });
      log.info({ event: 'experiment_run_completed', count: input.samples.length });
    } catch (error) {
      const reason = this.#stopping.signal.aborted
        ? 'the service was shut down'
        : error instanceof AppError
          ? error.message
          : 'something went wrong inside the service';
      log.warn({ event: 'experiment_run_failed', error: describeError(error) });
      await store.finish(run, { status: 'failed', error: reason }).catch(() => undefined);
    } finally {
      clearInterval(beat);
    }
  }

  /** @returns undefined when the run was ended from elsewhere */
  async #answers(
    run: string,
    experiment: Experiment,
    input: RunInput,
    signal: AbortSignal,
    ended: AbortController,
  ): Promise<SampleResult[] | undefined> {
    const results: SampleResult[] = [];
    let next = 0;
    let lost = false;
    const worker = async () => {
      while (next < input.samples.length && !signal.aborted) {
        const position = next;
        next += 1;
        const sample = input.samples[position] ?? '';
        const answers = await this.#sample(run, experiment, input, sample, position, signal);
        signal.throwIfAborted();
        results.push(...answers);
        if (await this.#deps.store.add(run, sample, answers)) continue;
        lost = true;
        ended.abort();
      }
    };
    const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
    if (lost || (ended.signal.aborted && !this.#stopping.signal.aborted)) return undefined;
    this.#stopping.signal.throwIfAborted();
    for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
    return results;
  }

  async #sample(
    run: string,
    experiment: Experiment,
    input: RunInput,
    sample: string,
    position: number,
    signal: AbortSignal,
  ): Promise<SampleResult[]> {
    const prompt = promptFor(experiment.promptTemplate, sample, input.language);
    const { primaryModel: primary, secondaryModel: secondary = primary } = experiment;
    const ask = (model: string) => this.#ask(run, model, prompt, position, input, experiment, signal);
    switch (experiment.routingStrategy) {
      case 'primary':
        return [await ask(primary)];
      case 'secondary':
        return [await ask(secondary)];
      case 'split':
        return [await ask(position % 2 === 0 ? primary : secondary)];
      case 'both':
        return Promise.all([...new Set([primary, secondary])].map(ask));
      case 'fallback': {
        const first = await ask(primary);
        return first.output !== undefined || secondary === primary ? [first] : [first, await ask(secondary)];
      }
    }
  }

  async #ask(
    run: string,
    model: string,
    prompt: string,
    position: number,
    input: RunInput,
    experiment: Experiment,
    signal: AbortSignal,
  ): Promise<SampleResult> {
    const context = () => ({
      callId: `${run}.${position}.${randomUUID().slice(0, 8)}`,
      caller: input.caller,
      route: RUN_ROUTE,
      private: false,
      // An experiment measures the model, not what somebody else was answered.
      fresh: true,
    });
    const started = performance.now();
    try {
      const request = { model, messages: [{ role: 'user', content: prompt }], temperature: 0 };
      const answer = await this.#deps.model.complete(request, context(), signal);
      const latencyMs = Math.round((performance.now() - started) * 10) / 10;
      const expected = input.expected?.[position];
      const judge = [experiment.secondaryModel, experiment.primaryModel].find((name) => name && name !== model);
      const verdict =
        expected === undefined
          ? await this.#judge(judge, prompt, answer.text, context(), signal)
          : { score: Number(matchesExpected(answer.text, expected)), costNanoUsd: 0 };
      return {
        position,
        model,
        output: answer.text,
        error: undefined,
        score: verdict.score,
        latencyMs,
        promptTokens: answer.usage?.promptTokens ?? 0,
        completionTokens: answer.usage?.completionTokens ?? 0,
        costNanoUsd: answer.costNanoUsd + verdict.costNanoUsd,
      };
    } catch (error) {
      if (signal.aborted || !(error instanceof AppError)) throw error;
      return {
        position,
        model,
        output: undefined,
        error: error.code,
        score: undefined,
        latencyMs: Math.round((performance.now() - started) * 10) / 10,
        promptTokens: 0,
        completionTokens: 0,
        costNanoUsd: 0,
      };
    }
  }
  /** A judge that fails leaves the answer without a score: the answer itself is none the worse. */
  async #judge(
    judge: string | undefined,
    prompt: string,
    answer: string,
    context: ModelContext,
    signal: AbortSignal,
  ): Promise<{ readonly score: number | undefined; readonly costNanoUsd: number }> {
    if (judge === undefined) return { score: undefined, costNanoUsd: 0 };
    try {
      const verdict = await this.#deps.model.complete(
        { model: judge, messages: judgeMessages(prompt, answer), temperature: 0, max_tokens: 50 },
        context,
        signal,
      );
      return { score: readScore(verdict.text), costNanoUsd: verdict.costNanoUsd };
    } catch (error) {
      if (signal.aborted || !(error instanceof AppError)) throw error;
      return { score: undefined, costNanoUsd: 0 };
    }
  }
}
