/** Where the service stands between its start and its end. */
export class Lifecycle {
  #waitingFor: string | undefined = 'the first start-up step';
  #draining = false;

  /** What the start-up still waits for; undefined once it is complete. */
  get waitingFor(): string | undefined {
    return this.#waitingFor;
  }

  get started(): boolean {
    return this.#waitingFor === undefined;
  }

  get draining(): boolean {
    return this.#draining;
  }

  waitFor(what: string): void {
    this.#waitingFor = what;
  }

  complete(): void {
    this.#waitingFor = undefined;
  }

  drain(): void {
    this.#draining = true;
  }
}
