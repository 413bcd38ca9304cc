import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../errors/app-error.ts';
import type { Logger } from '../logging.ts';
import type { Metrics } from '../metrics.ts';
import { plainModel } from '../providers/config-models.ts';
import type { Providers } from '../providers/registry.ts';
import { RetryBudget } from '../providers/retry-budget.ts';
import type { Admission, AdmissionPolicy, Outcome, Permit } from './admission.ts';
import { openAdmission } from './admission.ts';
import type { Estimate, GatewayCall, Target, TokenUsage } from './call.ts';
import { costOf } from './call.ts';
import { CallMetrics } from './call-metrics.ts';
import type { CallSpec } from './call-spec.ts';
import { completionOfChunks } from './completion-of-chunks.ts';
import { decode, encode, streamCodec } from './dialects.ts';
import { estimate, guessUsage } from './estimate.ts';
import { type FailoverOptions, failover } from './failover.ts';
import { priceOf } from './price.ts';
import { noCache, type ResponseCache } from './response-cache.ts';
import { Running, targetOf } from './running.ts';
import { UpstreamAnswer } from './upstream-answer.ts';
import { type StreamConsumer, UpstreamStream } from './upstream-stream.ts';

/** A whole answer. */
export interface GatewayAnswer {
  /** JSON, in the dialect of the endpoint. */
  readonly body: Buffer | string;
  readonly usage: TokenUsage | undefined;
  /** In nano US dollars; 0 when it was kept. */
  readonly costNanoUsd: number;
  readonly target: Target;
  readonly cached: boolean;
}

/** A stream that has begun; nothing of it was given out yet. */
export interface GatewayStream {
  readonly target: Target;
  /** Gives the consumer all events. Must be called; the call's place is held until the stream's end. */
  attach(consumer: StreamConsumer): void;
  resume(): void;
  /** Ends it before its time. */
  abort(error: AppError): void;
}

/** What {@link Gateway.stream} gives: a stream, or an answer that was kept. */
export type Opened =
  | { readonly kind: 'stream'; readonly stream: GatewayStream }
  | { readonly kind: 'answer'; readonly answer: GatewayAnswer };

export interface GatewayOptions {
  readonly providers: Providers;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** @default - every call is admitted, and nothing is accounted */
  readonly admission?: AdmissionPolicy;
  /** @default - nothing is kept */
  readonly cache?: ResponseCache;
  readonly failover?: Omit<FailoverOptions, 'budget'> & { readonly budget?: RetryBudget };
  /** Calls under way at a time. @default 4096 */
  readonly maxInFlight?: number;
}

/** A call that may be made. */
interface Admitted {
  readonly call: GatewayCall;
  readonly permit: Permit;
}

/** Every call of a language model goes through here: admission, cache, backends, settlement. */
export class Gateway {
  readonly providers: Providers;
  readonly #admission: AdmissionPolicy;
  readonly #cache: ResponseCache;
  readonly #metrics: CallMetrics;
  readonly #log: Logger;
  readonly #failover: FailoverOptions;
  readonly #most: number;
  #inFlight = 0;

  constructor(options: GatewayOptions) {
    this.providers = options.providers;
    this.#admission = options.admission ?? openAdmission;
    this.#cache = options.cache ?? noCache;
    this.#metrics = new CallMetrics(options.metrics);
    this.#log = options.log;
    this.#failover = { ...options.failover, budget: options.failover?.budget ?? new RetryBudget() };
    this.#most = options.maxInFlight ?? 4_096;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** @throws AppError */
  async answer(spec: CallSpec): Promise<GatewayAnswer> {
    const call = await this.#begin(spec);
    try {
      const kept = this.#mayBeKept(call) ? await this.#kept(call) : undefined;
      return kept ?? (await this.#ask(call));
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Resolves with the first content. @throws AppError */
  async stream(spec: CallSpec): Promise<Opened> {
    const call = await this.#begin(spec);
    let open = false;
    try {
      const kept = this.#mayBeKept(call) ? await this.#kept(call) : undefined;
      if (kept) return { kind: 'answer', answer: kept };
      const stream = await this.#open(call);
      open = true;
      return { kind: 'stream', stream };
    } finally {
      if (!open) this.#inFlight -= 1;
    }
  }

  /**
   * A call that this service answers itself, under the same rules as all others.
   *
   * @param local Who answers: its name, model and tier 0.
   * @throws AppError
   */
  async local(
    spec: CallSpec,
    local: { readonly provider: string; readonly model: string },
    work: () => Promise<{ readonly body: string; readonly promptTokens: number }>,
  ): Promise<GatewayAnswer> {
    const target: Target = { ...local, tier: 0, price: priceOf(plainModel(local.model)) };
    const tokens = Math.ceil(spec.bodyBytes / 3);
    const { permit } = await this.#admit(spec, [target], { promptTokens: tokens, completionTokens: 0, costNanoUsd: 0 });
    const started = performance.now();
    const settle = (outcome: Outcome, status: number, usage: TokenUsage | undefined): void => {
      const durationMs = performance.now() - started;
      permit.settle({
        outcome,
        status,
        target,
        attempts: 1,
        usage,
        costNanoUsd: 0,
        durationMs,
        firstTokenMs: undefined,
      });
      this.#metrics.ended(target, outcome, usage, 0);
    };
    try {
      permit.sending?.(target);
      const { body, promptTokens } = await work();
      const usage = { promptTokens, completionTokens: 0, cachedTokens: 0, estimated: false };
      settle('success', 200, usage);
      return { body, usage, costNanoUsd: 0, target, cached: false };
    } catch (error) {
      const failure = error instanceof AppError ? error : new AppError('internal', { cause: error });
      settle(failure.code, failure.statusCode, undefined);
      throw error;
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Resolves when everything about ended calls is stored. */
  async drain(): Promise<void> {
    // Calls whose answer left in this turn of the event loop are settled after it.
    await nextTurn();
    await this.#admission.drain();
  }

  /** At once where the policy answers at once. */
  #begin(spec: CallSpec): Running | Promise<Running> {
    const candidates = this.providers.candidates(spec.model, spec.private, spec.endpoint === 'embeddings');
    const models = candidates.map(({ model }) => model);
    const admitted = this.#admit(spec, candidates.map(targetOf), estimate(spec.request, spec.bodyBytes, models));
    return admitted instanceof Promise
      ? admitted.then(({ call, permit }) => new Running(spec, call, candidates, permit))
      : new Running(spec, admitted.call, candidates, admitted.permit);
  }

  /** Takes a place for the call, which whoever gets the permit gives back. */
  #admit(spec: CallSpec, candidates: readonly Target[], estimated: Estimate): Admitted | Promise<Admitted> {
    if (this.#inFlight >= this.#most) throw new AppError('overloaded', { retryAfterSeconds: 1 });
    const { id, caller, endUser, endpoint, route, model, stream, request } = spec;
    const call: GatewayCall & { straight: boolean } = {
      id,
      caller,
      endUser,
      endpoint,
      route,
      model,
      private: spec.private,
      stream,
      request,
      candidates,
      estimate: estimated,
      straight: false,
    };
    call.straight = !this.#cache.takes(call);
    this.#inFlight += 1;
    const failed = (error: unknown): never => {
      this.#inFlight -= 1;
      throw error;
    };
    const take = (admission: Admission): Admitted => {
      spec.onHeaders(admission.headers);
      return admission.admitted ? { call, permit: admission } : failed(admission.error);
    };
    const admission = this.#admission.admit(call);
    return admission instanceof Promise ? admission.then(take, failed) : take(admission);
  }

  #mayBeKept({ spec, call }: Running): boolean {
    return !spec.fresh && this.#cache.takes(call);
  }

  async #kept(running: Running): Promise<GatewayAnswer | undefined> {
    const { call, permit } = running;
    const kept = await this.#cache.lookup(call).catch(() => undefined);
    if (!kept) return undefined;
    permit.settle({
      outcome: 'cached',
      status: 200,
      target: kept.target,
      attempts: 0,
      usage: kept.usage,
      costNanoUsd: 0,
      durationMs: running.elapsed,
      firstTokenMs: undefined,
    });
    return { body: kept.body, usage: kept.usage, costNanoUsd: 0, target: kept.target, cached: true };
  }

  async #ask(running: Running): Promise<GatewayAnswer> {
    const { spec, call, permit } = running;
    try {
      const answer = await this.#try(running, async (candidate, pass) => {
        const { backend, model } = candidate;
        const request = encode(spec, backend.config, model);
        running.send(candidate);
        const started = performance.now();
        const upstream = new UpstreamAnswer(backend, request, running.permit.noted);
        const leave = () => upstream.abort(new AppError('client_closed'));
        if (spec.signal.aborted) leave();
        spec.signal.addEventListener('abort', leave);
        try {
          const read = decode(spec, backend.config, await upstream.body);
          pass.succeed();
          backend.latency.add(performance.now() - started);
          return read;
        } finally {
          spec.signal.removeEventListener('abort', leave);
        }
      });
      const target = running.asked;
      const usage = answer.usage ?? guessUsage(spec.bodyBytes, answer.body.length);
      const costNanoUsd = costOf(target.price, usage);
      // Before the answer goes out: whoever has it, finds what it cost in the ledger, even if this process is killed then.
      this.#settle(running, 'success', 200, usage);
      if (this.#cache.takes(call))
        this.#cache.store(call, { body: answer.body.toString(), usage: answer.usage, target });
      return { body: answer.body, usage: answer.usage, costNanoUsd, target, cached: false };
    } catch (error) {
      this.#abandon(running, permit, error);
      throw error;
    }
  }

  async #open(running: Running): Promise<GatewayStream> {
    const { spec, permit } = running;
    try {
      const upstream = await this.#try(running, async (candidate, pass) => {
        const { backend, model } = candidate;
        const request = encode(spec, backend.config, model);
        running.send(candidate);
        const codec = streamCodec(spec, backend.config);
        const stream = new UpstreamStream(backend, request, {
          codec,
          after: running.permit.noted,
          onFirst: () => running.first(this.#metrics),
        });
        const leave = () => stream.abort(new AppError('client_closed'));
        if (spec.signal.aborted) leave();
        spec.signal.addEventListener('abort', leave);
        running.onOver = () => spec.signal.removeEventListener('abort', leave);
        try {
          await stream.opened;
          pass.succeed();
          return stream;
        } catch (error) {
          running.onOver();
          throw error;
        }
      });
      return {
        target: running.asked,
        attach: (consumer) => this.#attach(running, upstream, consumer),
        resume: () => upstream.resume(),
        abort: (error) => upstream.abort(error),
      };
    } catch (error) {
      this.#abandon(running, permit, error);
      throw error;
    }
  }

  #attach(running: Running, upstream: UpstreamStream, consumer: StreamConsumer): void {
    const { spec, call } = running;
    const keeping = this.#cache.takes(call) ? ([] as Buffer[]) : undefined;
    const taking: StreamConsumer = keeping
      ? {
          write: (bytes) => {
            keeping.push(bytes);
            return consumer.write(bytes);
          },
          end: () => consumer.end(),
          fail: (error) => consumer.fail(error),
        }
      : consumer;
    upstream.attach(taking, (error) => {
      running.onOver();
      this.#inFlight -= 1;
      const { backend } = running.candidate;
      const { usage, characters } = upstream.codec;
      const used = usage ?? guessUsage(spec.bodyBytes, characters);
      if (!error) {
        backend.latency.add(performance.now() - running.sentAt);
        this.#settle(running, 'success', 200, used);
        if (keeping) this.#keepStream(call, keeping, usage, running.asked);
        return;
      }
      if (error.code !== 'client_closed') {
        backend.breaker.failLate();
        backend.note(error);
      }
      this.#settle(running, error.code, error.code === 'client_closed' ? 499 : 200, used);
    });
  }

  #try<T>(running: Running, attempt: Parameters<typeof failover<T>>[1]): Promise<T> {
    const { candidates, spec } = running;
    return failover(candidates, attempt, spec.signal, this.#failover, ({ backend, model }, error) => {
      this.#metrics.failed({ provider: backend.name, tier: backend.tier, model: model.upstream }, error.code);
      this.#log.warn({
        event: 'backend_failed',
        provider: backend.name,
        model: model.upstream,
        code: error.code,
        request_id: spec.id,
      });
    });
  }

  /** After the failure of a call of which nothing was given out. */
  #abandon(running: Running, permit: Permit, error: unknown): void {
    if (!running.sent) {
      permit.refund();
      return;
    }
    const failure = error instanceof AppError ? error : new AppError('internal');
    // A request that was under way when the client left has been read by the backend, and may have been worked on.
    this.#settle(running, failure.code, failure.statusCode, undefined);
  }

  #settle(running: Running, outcome: Outcome, status: number, usage: TokenUsage | undefined): void {
    const target = running.asked;
    const costNanoUsd = usage ? costOf(target.price, usage) : 0;
    running.permit.settle({
      outcome,
      status,
      target,
      attempts: running.attempts,
      usage,
      costNanoUsd,
      durationMs: running.elapsed,
      firstTokenMs: running.firstTokenMs,
    });
    // Failures of backends were counted one by one, as they happened.
    if (outcome === 'success' || outcome === 'client_closed' || usage)
      this.#metrics.ended(target, outcome, usage, costNanoUsd);
  }

  #keepStream(call: GatewayCall, parts: readonly Buffer[], usage: TokenUsage | undefined, target: Target): void {
    const body =
      call.endpoint === 'chat' ? completionOfChunks(Buffer.concat(parts).toString('utf8'), usage) : undefined;
    if (body !== undefined) this.#cache.store(call, { body, usage, target });
  }
}
