import type { Objective } from './objectives.ts';
import type { Sampler } from './sampler.ts';
import { report, type SloReport } from './slo.ts';
import type { ActiveModel, ModelTotals, ProductionStore } from './store.ts';

/** Windows that can be asked for, in seconds. */
export const WINDOWS = {
  '5m': 300,
  '1h': 3_600,
  '6h': 21_600,
  '24h': 86_400,
  '7d': 604_800,
  '30d': 2_592_000,
} as const;

export type Window = keyof typeof WINDOWS;

export interface ReportsDeps {
  readonly store: ProductionStore;
  /** undefined: this replica collects nothing, as in a test */
  readonly sampler: Sampler | undefined;
  readonly objectives: Readonly<Record<string, Objective>>;
  /** How long an answer is good for. @default 5000 */
  readonly maxAgeMs?: number;
}

/**
 * Reports of production. They are public, so each is made once in a while for everybody: no stranger keeps the database busy.
 */
export class Reports {
  readonly #deps: ReportsDeps;
  readonly #kept = new Map<string, { readonly until: number; readonly value: Promise<unknown> }>();

  constructor(deps: ReportsDeps) {
    this.#deps = deps;
  }

  slo(window: Window): Promise<SloReport> {
    return this.#once(`slo ${window}`, async () => {
      const { store, sampler, objectives } = this.#deps;
      return report(await store.routes(WINDOWS[window], sampler?.pending() ?? []), objectives);
    });
  }

  models(window: Window): Promise<{ readonly totals: ModelTotals[]; readonly active: ActiveModel[] }> {
    return this.#once(`models ${window}`, async () => {
      const [totals, active] = await Promise.all([this.#deps.store.models(WINDOWS[window]), this.#deps.store.active()]);
      return { totals, active };
    });
  }

  #once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const now = performance.now();
    const known = this.#kept.get(name);
    // What is kept under a name was made by that name's function.
    if (known && known.until > now) return known.value as Promise<T>;
    const value = make();
    this.#kept.set(name, { until: now + (this.#deps.maxAgeMs ?? 5_000), value });
    // A failure is not kept: the next one asks again.
    value.catch(() => this.#kept.delete(name));
    return value;
  }
}
