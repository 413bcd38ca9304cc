import { describe, expect, it, jest } from '@jest/globals';
import { type Ending, Journal } from '../../../../services/orchestrator/src/budgets/journal.ts';
import type { Notes, RedisBudgets } from '../../../../services/orchestrator/src/stores/redis/budgets.ts';

/** A journal, and what Redis is told. */
function start(note: RedisBudgets['note'] = async () => 'done') {
  const told: Notes[] = [];
  const broken: unknown[] = [];
  const journal = new Journal({
    budgets: {
      generation: 'e.1',
      begin: async () => undefined,
      note: async (epoch, notes) => {
        told.push(notes);
        return await note(epoch, notes);
      },
    },
    ahead: undefined,
    epoch: () => 'e',
    onMismatch: () => undefined,
    onBroken: (error) => broken.push(error),
  });
  return { journal, told, broken };
}

const ending = (id: string, more: Partial<Ending> = {}): Ending => ({
  id,
  generation: 'e.1',
  user: 'ada',
  at: 0,
  amountNanoUsd: 3,
  costNanoUsd: 2,
  row: `${id}\trow`,
  marked: false,
  admittal: undefined,
  onAnswer: () => undefined,
  ...more,
});

describe('the journal', () => {
  it('forgets calls with what Redis is told next', async () => {
    const { journal, told } = start();
    journal.forget(['a', 'b']);
    journal.end(ending('c', { marked: true }));
    await journal.drain();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ removed: ['a', 'b', 'c!'], entries: ['c', 'Sc\trow'] });
  });

  it('forgets them by itself when nothing else is told', async () => {
    jest.useFakeTimers();
    try {
      const { journal, told } = start();
      journal.forget(['a']);
      journal.forget(['b']);
      await jest.advanceTimersByTimeAsync(99);
      expect(told).toEqual([]);
      await jest.advanceTimersByTimeAsync(1);
      expect(told).toEqual([{ budgets: new Map(), removed: ['a', 'b'], entries: [] }]);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(told).toHaveLength(1);
    } finally {
      jest.useRealTimers();
    }
  });

  it('tells of some hundreds in one command at most', async () => {
    const { journal, told } = start();
    journal.forget(Array.from({ length: 600 }, (_, n) => `r${n}`));
    await journal.drain();
    expect(told.map(({ removed }) => removed.length)).toEqual([250, 250, 100]);
  });

  it('tells whoever ended a call that Redis did not take it, and forgets nothing twice', async () => {
    const { journal, told, broken } = start(async () => {
      throw new Error('gone');
    });
    const answers: boolean[] = [];
    journal.forget(['a']);
    journal.end(ending('b', { onAnswer: (noted) => answers.push(noted) }));
    await journal.drain();
    await journal.drain();
    expect(told).toHaveLength(1);
    expect(answers).toEqual([false]);
    expect(broken).toHaveLength(1);
  });

  it('relies on the numbers of Redis as before when nothing but forgetting failed', async () => {
    const { journal, told, broken } = start(async () => {
      throw new Error('gone');
    });
    journal.forget(['a']);
    await journal.drain();
    expect(told).toHaveLength(1);
    expect(broken).toEqual([]);
  });
});
