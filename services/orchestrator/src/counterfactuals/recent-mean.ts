/** The mean of the last values, for a gauge that follows how things are going. */
export class RecentMean {
  readonly #values: number[] = [];
  readonly #size: number;

  /** @param size How many values count. @default 100 */
  constructor(size = 100) {
    this.#size = size;
  }

  /** @returns the mean with this value */
  add(value: number): number {
    this.#values.push(value);
    if (this.#values.length > this.#size) this.#values.shift();
    return this.#values.reduce((sum, one) => sum + one, 0) / this.#values.length;
  }
}
