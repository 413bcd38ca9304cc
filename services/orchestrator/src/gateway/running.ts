import { AppError } from '../errors/app-error.ts';
import type { Permit } from './admission.ts';
import type { GatewayCall, Target } from './call.ts';
import type { CallMetrics } from './call-metrics.ts';
import type { CallSpec } from './call-spec.ts';
import type { Candidate } from './failover.ts';
import { priceOf } from './price.ts';

/** A call between its admission and its end. */
export class Running {
  readonly spec: CallSpec;
  readonly call: GatewayCall;
  readonly candidates: readonly Candidate[];
  readonly permit: Permit;
  readonly #started = performance.now();
  /** Undoes what waits for the client's leaving. */
  onOver: () => void = () => undefined;
  attempts = 0;
  sentAt = 0;
  firstTokenMs: number | undefined;
  #candidate: Candidate | undefined;

  constructor(spec: CallSpec, call: GatewayCall, candidates: readonly Candidate[], permit: Permit) {
    this.spec = spec;
    this.call = call;
    this.candidates = candidates;
    this.permit = permit;
  }

  get elapsed(): number {
    return performance.now() - this.#started;
  }

  get sent(): boolean {
    return this.#candidate !== undefined;
  }

  /** Who was asked last. */
  get candidate(): Candidate {
    if (!this.#candidate) throw new AppError('internal', { message: 'Nobody was asked.' });
    return this.#candidate;
  }

  get asked(): Target {
    return targetOf(this.candidate);
  }

  send(candidate: Candidate): void {
    // What decides about privacy was decided before; this is the last gate before the wire.
    if (this.spec.private && candidate.backend.tier !== 0) throw new AppError('private_unavailable');
    this.attempts += 1;
    this.sentAt = performance.now();
    this.#candidate = candidate;
    this.permit.sending?.(this.asked);
  }

  first(metrics: CallMetrics): void {
    this.firstTokenMs = this.elapsed;
    const ms = performance.now() - this.sentAt;
    this.candidate.backend.firstToken.add(ms);
    metrics.firstToken(this.asked, ms / 1000);
  }
}

const targets = new WeakMap<Candidate, Target>();

/** The candidate as the ledger names it. */
export function targetOf(candidate: Candidate): Target {
  let target = targets.get(candidate);
  if (!target) {
    const { backend, model } = candidate;
    target = { provider: backend.name, tier: backend.tier, model: model.upstream, price: priceOf(model) };
    targets.set(candidate, target);
  }
  return target;
}
