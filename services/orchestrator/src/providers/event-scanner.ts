import { AppError } from '../errors/app-error.ts';

/** An event larger than this is no chunk of an answer; without a limit, a broken provider could fill the memory. */
const LARGEST_EVENT = 4 * 1024 * 1024;

const LF = 10;
const CR = 13;
const NOTHING = Buffer.alloc(0);

/** One complete event of a stream. */
export interface ScannedEvent {
  /** The `event` field; undefined without one. */
  readonly name: string | undefined;
  readonly data: string;
}

/**
 * Finds complete server-sent events in the bytes of a stream. What is not yet complete is kept back, so that nothing of an event
 * that was cut is ever given out. The bytes of complete events are given as they came, too: where nothing has to be translated,
 * they are passed on without being made anew.
 *
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream (2026-11-21)
 */
export class EventScanner {
  #rest: Buffer = NOTHING;
  /** The stream ends its lines with carriage returns: they are made line feeds first. */
  #lastWasCr = false;

  /**
   * @returns the bytes of all events that this chunk completes, and these events
   * @throws AppError `upstream_failed` when an event is too large
   */
  push(chunk: Buffer): { readonly bytes: Buffer; readonly events: readonly ScannedEvent[] } {
    const normal = this.#lastWasCr || chunk.includes(CR) ? this.#withoutCr(chunk) : chunk;
    const all = this.#rest.length === 0 ? normal : Buffer.concat([this.#rest, normal]);
    const end = lastBlankLine(all);
    if (all.length - end > LARGEST_EVENT)
      throw new AppError('upstream_failed', { message: 'It sent an event that is too large.' });
    this.#rest = end === all.length ? NOTHING : all.subarray(end);
    if (end === 0) return { bytes: NOTHING, events: [] };
    const bytes = all.subarray(0, end);
    return { bytes, events: parse(bytes.toString('utf8')) };
  }

  #withoutCr(chunk: Buffer): Buffer {
    const out = Buffer.allocUnsafe(chunk.length);
    let length = 0;
    for (const byte of chunk) {
      if (byte === CR) out[length++] = LF;
      else if (!(byte === LF && this.#lastWasCr)) out[length++] = byte;
      this.#lastWasCr = byte === CR;
    }
    return out.subarray(0, length);
  }
}

/** The place after the last blank line; 0 without one. */
function lastBlankLine(bytes: Buffer): number {
  const found = bytes.lastIndexOf('\n\n', undefined, 'latin1');
  return found < 0 ? 0 : found + 2;
}

function parse(text: string): ScannedEvent[] {
  const events: ScannedEvent[] = [];
  let from = 0;
  while (from < text.length) {
    // The common case: one line of data and a blank one.
    const lineEnd = text.indexOf('\n', from);
    if (lineEnd < 0) break;
    if (text.charCodeAt(lineEnd + 1) === LF && text.startsWith('data:', from)) {
      events.push({ name: undefined, data: fieldValue(text, from, lineEnd, 5) });
      from = lineEnd + 2;
      continue;
    }
    const end = text.indexOf('\n\n', from);
    const stop = end < 0 ? text.length : end;
    const event = parseLines(text.slice(from, stop));
    if (event) events.push(event);
    from = stop + 2;
  }
  return events;
}

function parseLines(block: string): ScannedEvent | undefined {
  let name: string | undefined;
  let data: string | undefined;
  for (const line of block.split('\n')) {
    if (line.startsWith('data:')) {
      const value = fieldValue(line, 0, line.length, 5);
      data = data === undefined ? value : `${data}\n${value}`;
    } else if (line.startsWith('event:')) name = fieldValue(line, 0, line.length, 6);
  }
  return data === undefined ? undefined : { name, data };
}

function fieldValue(text: string, from: number, to: number, skip: number): string {
  const start = from + skip;
  return text.slice(text.charCodeAt(start) === 32 ? start + 1 : start, to);
}
