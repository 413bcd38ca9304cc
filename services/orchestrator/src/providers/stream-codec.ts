import type { TokenUsage } from '../gateway/call.ts';
import { EventScanner, type ScannedEvent } from './event-scanner.ts';
import type { StreamReader, StreamTranslator } from './stream-reader.ts';

/** What one chunk of the provider's stream becomes for the caller. */
export interface StreamPiece {
  /** undefined: nothing yet */
  readonly bytes: Buffer | undefined;
  readonly content: boolean;
  /** The provider said that the stream is complete, and `bytes` says so, too. */
  readonly done: boolean;
}

const NOTHING_YET: StreamPiece = { bytes: undefined, content: false, done: false };

export interface StreamCodecOptions {
  readonly reader: StreamReader;
  /** undefined: caller and provider speak the same dialect, and bytes are passed on as they are */
  readonly translator: StreamTranslator | undefined;
  /** The provider was asked for an event with the usage that the caller did not ask for. */
  readonly hideUsage: boolean;
}

/** Turns the bytes of a provider's stream into those for the caller, whole events at a time. */
export class StreamCodec {
  readonly #scanner = new EventScanner();
  readonly #options: StreamCodecOptions;

  constructor(options: StreamCodecOptions) {
    this.#options = options;
  }

  get usage(): TokenUsage | undefined {
    return this.#options.reader.usage;
  }

  get characters(): number {
    return this.#options.reader.characters;
  }

  /** @throws AppError `upstream_failed` */
  push(chunk: Buffer): StreamPiece {
    const { bytes, events } = this.#scanner.push(chunk);
    if (bytes.length === 0) return NOTHING_YET;
    return this.#options.translator ? this.#translated(events, this.#options.translator) : this.#passed(bytes, events);
  }

  #passed(bytes: Buffer, events: readonly ScannedEvent[]): StreamPiece {
    const { reader, hideUsage } = this.#options;
    let content = false;
    for (let at = 0; at < events.length; at += 1) {
      const event = events[at];
      if (!event) break;
      const seen = reader.read(event);
      content ||= seen.content;
      if (seen.usageOnly && hideUsage) return this.#without(events, at, content);
      if (seen.done) {
        // What a provider sends after the end is not for the caller.
        const whole = at === events.length - 1;
        return {
          bytes: whole
            ? bytes
            : Buffer.from(
                events
                  .slice(0, at + 1)
                  .map(written)
                  .join(''),
              ),
          content,
          done: true,
        };
      }
    }
    return { bytes, content, done: false };
  }

  /** The events from `hidden` on are written anew, without those that only hold the usage. */
  #without(events: readonly ScannedEvent[], hidden: number, contentBefore: boolean): StreamPiece {
    const { reader } = this.#options;
    let text = events.slice(0, hidden).map(written).join('');
    let content = contentBefore;
    let done = false;
    for (const event of events.slice(hidden + 1)) {
      const seen = reader.read(event);
      content ||= seen.content;
      if (!seen.usageOnly) text += written(event);
      done = seen.done;
      if (done) break;
    }
    return { bytes: text === '' ? undefined : Buffer.from(text), content, done };
  }

  #translated(events: readonly ScannedEvent[], translator: StreamTranslator): StreamPiece {
    let text = '';
    let content = false;
    let done = false;
    for (const event of events) {
      const seen = this.#options.reader.read(event);
      content ||= seen.content;
      if (seen.json) text += translator.event(seen.json);
      done = seen.done;
      if (!done) continue;
      text += translator.end();
      break;
    }
    return { bytes: text === '' ? undefined : Buffer.from(text), content, done };
  }
}

function written({ name, data }: ScannedEvent): string {
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${data.replaceAll('\n', '\ndata: ')}\n\n`;
}
