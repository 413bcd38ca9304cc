import { describe, expect, it } from '@jest/globals';
import { SseParser } from '../../../../services/orchestrator/src/providers/sse.ts';
import { RECORDED } from '../support/upstream.ts';

const bytes = Buffer.from(RECORDED);
const whole = new SseParser().push(bytes);

describe('SseParser', () => {
  it('gives the same events however the stream is cut into chunks', () => {
    expect(whole).toHaveLength(6);
    for (let at = 0; at <= bytes.length; at += 1) {
      const parser = new SseParser();
      expect([...parser.push(bytes.subarray(0, at)), ...parser.push(bytes.subarray(at))]).toEqual(whole);
    }
  });

  it('never gives an event that was cut', () => {
    for (let at = 0; at < bytes.length; at += 1) {
      const events = new SseParser().push(bytes.subarray(0, at));
      expect(whole.slice(0, events.length)).toEqual(events);
    }
  });

  it('takes every line end, joins lines of data, and ignores comments and other fields', () => {
    const parser = new SseParser();
    const events = [...'data: a\r\ndata:b\r\r: ping\nid: 7\ndata: c\n\n'].flatMap((char) =>
      parser.push(Buffer.from(char)),
    );
    expect(events).toEqual(['a\nb', 'c']);
  });

  it('refuses an event without end', () => {
    const parser = new SseParser();
    const push = () => {
      for (let at = 0; at < 6; at += 1) parser.push(Buffer.alloc(1024 * 1024, 'x'));
    };
    expect(push).toThrow(RangeError);
  });
});
