import type { TokenUsage } from '../gateway/call.ts';
import type { ScannedEvent } from './event-scanner.ts';

/** What an event of a provider's stream means. */
export interface Seen {
  /** Its data; undefined for the sign of OpenAI's dialect that the stream is complete. */
  readonly json: Record<string, unknown> | undefined;
  /** It holds content, and not only a role, a number or a sign of life. */
  readonly content: boolean;
  /** The stream is complete. */
  readonly done: boolean;
  /** It holds nothing but the usage. */
  readonly usageOnly: boolean;
}

/** Reads the stream of one dialect. */
export interface StreamReader {
  /** @throws AppError `upstream_failed` for an event that is none of this dialect, or reports a failure */
  read(event: ScannedEvent): Seen;
  /** What the provider reported so far; undefined when it did not. */
  readonly usage: TokenUsage | undefined;
  /** Characters of content so far: where the provider does not report, tokens are estimated from them. */
  readonly characters: number;
}

/** Makes the events of one dialect from those of another. */
export interface StreamTranslator {
  /** @returns complete events as text; empty when this one has no counterpart */
  event(json: Record<string, unknown>): string;
  /** What ends the stream, once the provider's is complete. */
  end(): string;
}
