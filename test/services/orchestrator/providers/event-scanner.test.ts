import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventScanner } from '../../../../services/orchestrator/src/providers/event-scanner.ts';

const scan = (chunks: readonly (string | Buffer)[]) => {
  const scanner = new EventScanner();
  const found = chunks.map((chunk) => scanner.push(Buffer.from(chunk)));
  return {
    data: found.flatMap(({ events }) => events.map(({ data }) => data)),
    names: found.flatMap(({ events }) => events.map(({ name }) => name)),
    bytes: Buffer.concat(found.map(({ bytes }) => bytes)).toString(),
  };
};

describe('EventScanner', () => {
  it('finds events, their names, and data of several lines', () => {
    const { data, names } = scan(['data: a\n\nevent: b\ndata: 1\ndata: 2\n\n: sign of life\n\ndata:c\n\n']);
    expect(data).toEqual(['a', '1\n2', 'c']);
    expect(names).toEqual([undefined, 'b', undefined]);
  });

  it('keeps back what is not complete', () => {
    expect(scan(['data: a\n\ndata: b\n', 'data: c'])).toMatchObject({ data: ['a'], bytes: 'data: a\n\n' });
  });

  it('finds the same however the bytes are cut', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', minLength: 0, maxLength: 12 }), {
      minLength: 1,
      maxLength: 6,
    });
    const ends = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(texts, ends, fc.array(fc.nat(400), { maxLength: 12 }), (given, end, cuts) => {
        const wanted = given.map((text) => text.replace(/[\r\n]/g, ' '));
        const stream = Buffer.from(wanted.map((text) => `data: ${text}${end}${end}`).join(''));
        const at = [0, ...cuts.filter((cut) => cut < stream.length).sort((a, b) => a - b), stream.length];
        const chunks = at.slice(1).map((to, index) => stream.subarray(at[index], to));
        expect(scan(chunks).data).toEqual(wanted);
      }),
    );
  });

  it('gives out the bytes as they came', () => {
    const stream = 'event: x\ndata: {"a": "Übung 🛶"}\n\n: ping\n\ndata: [DONE]\n\n';
    const bytes = Buffer.from(stream);
    expect(scan([...bytes].map((byte) => Buffer.from([byte]))).bytes).toBe(stream);
  });

  it('refuses an event that would fill the memory', () => {
    const scanner = new EventScanner();
    const push = () => {
      for (let time = 0; time < 100; time += 1) scanner.push(Buffer.alloc(65_536, 'x'));
    };
    expect(push).toThrow('too large');
  });
});
