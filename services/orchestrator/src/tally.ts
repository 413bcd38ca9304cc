import {
  Counter,
  type CounterConfiguration,
  Histogram,
  type HistogramConfiguration,
  type LabelValues,
  type MetricObjectWithValues,
  type MetricValueWithName,
} from 'prom-client';

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

/** One series of a histogram, as {@link Series}: observing is a few comparisons of numbers. */
export class HistogramSeries {
  /** By bucket; the last one is for all that is above the bounds. */
  readonly counts: Float64Array;
  readonly #bounds: readonly number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let at = 0;
    while (at < this.#bounds.length && value > (this.#bounds[at] ?? 0)) at += 1;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += value;
  }
}

/** A histogram for what happens with every request. It is observed by its series alone. */
export class TalliedHistogram<L extends string = string> extends Histogram<L> {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #series: { readonly labels: LabelValues<L>; readonly series: HistogramSeries }[] = [];

  constructor(configuration: HistogramConfiguration<L> & { readonly buckets: number[] }) {
    super(configuration);
    this.#name = configuration.name;
    this.#help = configuration.help;
    this.#bounds = configuration.buckets;
  }

  /** Adds a series, for the caller to keep: there should be one for each set of labels. */
  series(labels: LabelValues<L>): HistogramSeries {
    const series = new HistogramSeries(this.#bounds);
    this.#series.push({ labels, series });
    return series;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<L>>> {
    const values = this.#series.flatMap(({ labels, series: { counts, sum } }) => {
      let below = 0;
      const buckets = [...this.#bounds, '+Inf'].map((le, at) => {
        below += counts[at] ?? 0;
        return { metricName: `${this.#name}_bucket`, labels: { le, ...labels }, value: below };
      });
      return [
        ...buckets,
        { metricName: `${this.#name}_sum`, labels, value: sum },
        { metricName: `${this.#name}_count`, labels, value: below },
      ];
    });
    const metric = { name: this.#name, help: this.#help, type: 'histogram', values, aggregator: 'sum' };
    // Declared with a function `collect` and with types as an enum; prom-client's own metrics give away neither.
    return metric as unknown as MetricObjectWithValues<MetricValueWithName<L>>;
  }

  /** What prom-client asks for its text format. */
  getForPromString(): Promise<MetricObjectWithValues<MetricValueWithName<L>>> {
    return this.get();
  }
}
