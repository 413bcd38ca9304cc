/** An image that cannot be built: what, why, and what helps. */
export class ImageError extends Error {
  constructor(problem: { path: string; value: string; cure: string }, options?: ErrorOptions) {
    super(`${problem.path}: ${problem.value}. ${problem.cure}`, options);
    this.name = 'ImageError';
  }
}
