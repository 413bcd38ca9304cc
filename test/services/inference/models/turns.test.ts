import { describe, expect, it } from '@jest/globals';
import { Turns } from '../../../../services/inference/src/models/turns.ts';

/** Work in pieces of a millisecond, on a clock that only the work moves; notes in which turn of the event loop each piece ran. */
class Loop {
  readonly log: string[] = [];
  #now = 0;
  #turn = 0;
  #counting = true;
  readonly turns = new Turns(() => this.#now);

  constructor() {
    const count = (): void => {
      this.#turn += 1;
      if (this.#counting) setImmediate(count);
    };
    setImmediate(count);
  }

  async work(name: string, pieces: number): Promise<void> {
    if (this.turns.busy) await this.turns.next();
    for (let piece = 0; piece < pieces; piece++) {
      if (this.turns.over) await this.turns.next();
      this.#now += 1;
      this.log.push(`${this.#turn} ${name}`);
    }
  }

  stop(): void {
    this.#counting = false;
  }

  /** Pieces that ran in each turn. */
  perTurn(): number[] {
    const counts = new Map<string, number>();
    for (const entry of this.log) {
      const [turn = ''] = entry.split(' ');
      counts.set(turn, (counts.get(turn) ?? 0) + 1);
    }
    return [...counts.values()];
  }
}

describe('Turns', () => {
  it('gives all who compute one slice together in each turn of the event loop', async () => {
    const loop = new Loop();
    await Promise.all(Array.from({ length: 10 }, (_, at) => loop.work(`request ${at}`, 5)));
    loop.stop();
    expect(loop.log).toHaveLength(50);
    // A slice is a millisecond, and the piece that goes beyond its end is finished.
    expect(Math.max(...loop.perTurn())).toBeLessThanOrEqual(2);
  });

  it('lets small work share a slice', async () => {
    const loop = new Loop();
    await Promise.all(Array.from({ length: 9 }, (_, at) => loop.work(`request ${at}`, 1)));
    loop.stop();
    expect(loop.perTurn()).toEqual([2, 2, 2, 2, 1]);
  });

  it('keeps the order in which they asked', async () => {
    const loop = new Loop();
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    await Promise.all(names.map((name) => loop.work(name, 1)));
    loop.stop();
    expect(loop.log.map((entry) => entry.split(' ')[1])).toEqual(names);
  });

  it('does not make who comes alone wait', async () => {
    const loop = new Loop();
    const working = loop.work('alone', 2);
    expect(loop.log).toEqual(['0 alone', '0 alone']);
    await working;
    loop.stop();
  });
});
