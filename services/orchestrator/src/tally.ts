import { Counter, type CounterConfiguration, type LabelValues } from 'prom-client';

/** One series of a counter: adding to it is an addition of numbers, and nothing else. */
export class Series {
  #untold = 0;

  add(count = 1): void {
    this.#untold += count;
  }

  /** @returns what was added since this was asked last */
  take(): number {
    const count = this.#untold;
    this.#untold = 0;
    return count;
  }
}

/**
 * A counter for what happens with every request. prom-client checks and hashes the labels each time that something is counted;
 * a series does so once, and is told to prom-client when somebody reads the metrics.
 */
export class TalliedCounter<L extends string = string> extends Counter<L> {
  readonly #series: { readonly labels: LabelValues<L>; readonly series: Series }[] = [];

  constructor(configuration: Omit<CounterConfiguration<L>, 'collect'>) {
    super({ ...configuration, collect: () => this.#tell() });
  }

  /** Adds a series, for the caller to keep: there should be one for each set of labels. */
  series(labels: LabelValues<L>): Series {
    const series = new Series();
    this.#series.push({ labels, series });
    return series;
  }

  #tell(): void {
    for (const { labels, series } of this.#series) {
      const count = series.take();
      if (count > 0) this.inc(labels, count);
    }
  }
}
