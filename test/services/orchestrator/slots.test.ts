import { describe, expect, it } from '@jest/globals';
import { Slots } from '../../../services/orchestrator/src/slots.ts';

const thing = (name: string) => ({ name, slot: -1 });
const names = (slots: Slots<{ name: string; slot: number }>) => [...slots].map(({ name }) => name).sort();

describe('slots', () => {
  it('hold what was added until it is removed, each once', () => {
    const slots = new Slots<{ name: string; slot: number }>();
    const [a, b, c] = [thing('a'), thing('b'), thing('c')];
    for (const each of [a, b, a, c]) slots.add(each);
    expect(names(slots)).toEqual(['a', 'b', 'c']);
    slots.remove(b);
    slots.remove(b);
    expect(b.slot).toBe(-1);
    expect(slots.size).toBe(2);
    const d = thing('d');
    slots.add(d);
    slots.add(b);
    expect(names(slots)).toEqual(['a', 'b', 'c', 'd']);
    for (const each of [a, b, c, d]) slots.remove(each);
    expect(slots.size).toBe(0);
    expect(names(slots)).toEqual([]);
  });

  it('do not come to what is removed while they are gone through', () => {
    const slots = new Slots<{ name: string; slot: number }>();
    const [a, b] = [thing('a'), thing('b')];
    slots.add(a);
    slots.add(b);
    const seen: string[] = [];
    for (const each of slots) {
      seen.push(each.name);
      slots.remove(b);
    }
    expect(seen).toEqual(['a']);
  });

  it('need no more room than most were there at once', () => {
    const slots = new Slots<{ name: string; slot: number }>();
    const there = Array.from({ length: 3 }, (_, at) => thing(String(at)));
    for (const each of there) slots.add(each);
    for (let at = 3; at < 100; at += 1) {
      const oldest = there.shift();
      if (oldest) slots.remove(oldest);
      const newest = thing(String(at));
      there.push(newest);
      slots.add(newest);
    }
    expect(Math.max(...there.map(({ slot }) => slot))).toBeLessThan(3);
  });
});
