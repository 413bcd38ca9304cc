import { StringDecoder } from 'node:string_decoder';

/** An event larger than this is no chunk of an answer; without a limit, a broken provider could fill the memory. */
const LARGEST_EVENT = 4 * 1024 * 1024;

/**
 * The `data` of each complete event of a server-sent event stream. An event that was cut in the middle is never given out.
 *
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream (2026-11-21)
 */
export class SseParser {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #data: string[] = [];
  #size = 0;

  /** @throws RangeError when an event is too large */
  push(chunk: Uint8Array): string[] {
    const events: string[] = [];
    this.#rest += this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    let from = 0;
    for (;;) {
      const end = this.#lineEnd(from);
      if (end === undefined) break;
      const line = this.#rest.slice(from, end.at);
      from = end.next;
      if (line === '') {
        if (this.#data.length > 0) events.push(this.#data.join('\n'));
        this.#data = [];
        this.#size = 0;
      } else if (line.startsWith('data:')) {
        const data = line.slice(line.charAt(5) === ' ' ? 6 : 5);
        this.#size += data.length;
        this.#data.push(data);
      }
    }
    this.#rest = this.#rest.slice(from);
    if (this.#size + this.#rest.length > LARGEST_EVENT) throw new RangeError('an event is too large');
    return events;
  }

  #lineEnd(from: number): { at: number; next: number } | undefined {
    for (let at = from; at < this.#rest.length; at += 1) {
      const code = this.#rest.charCodeAt(at);
      if (code === 10) return { at, next: at + 1 };
      if (code === 13) {
        // A line feed may follow in the next chunk: then it belongs to this line's end.
        if (at + 1 === this.#rest.length) return undefined;
        return { at, next: this.#rest.charCodeAt(at + 1) === 10 ? at + 2 : at + 1 };
      }
    }
    return undefined;
  }
}
