/** Something that is under way for a moment, and knows where it is kept meanwhile. */
export interface Slotted {
  /** -1: nowhere. */
  slot: number;
}

/**
 * What is under way now, many things for a short time each: a set of them, in which adding and removing take the same time however many
 * there are.
 *
 * A `Set` or `Map` is the wrong place for them. V8 (13.6) gives it a new table each time that as many were removed as it has room for, and
 * the old table points to the new one. One table that grew old is enough: nothing but a full collection frees it, so until then all later
 * tables stay, and what was in them with all that hangs on it. Each request is then copied twice by the collector, and most of
 * what it needed gets old.
 */
export class Slots<T extends Slotted> {
  readonly #slots: (T | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#slots.length - this.#free.length;
  }

  /** Does nothing when it is there already. */
  add(item: T): void {
    if (item.slot !== -1) return;
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = item;
    item.slot = slot;
  }

  /** Does nothing when it is not there. */
  remove(item: T): void {
    const { slot } = item;
    if (slot === -1) return;
    this.#slots[slot] = undefined;
    this.#free.push(slot);
    item.slot = -1;
  }

  /** In no order. What is removed meanwhile does not come any more; what is added meanwhile may come. */
  *[Symbol.iterator](): Iterator<T> {
    for (const item of this.#slots) if (item !== undefined) yield item;
  }
}
