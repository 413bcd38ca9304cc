import type { OutgoingHttpHeaders } from 'node:http';

/** What goes wrong with one answer, and where. Everything is told in advance: the same faults give the same bytes. */
export type Fault =
  /** Nothing. */
  | { readonly kind: 'none' }
  /** The answer begins after this many milliseconds. */
  | { readonly kind: 'latency'; readonly ms: number }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: OutgoingHttpHeaders;
      /** @default - an error in the dialect of the request, which quotes the last message as real providers do */
      readonly body?: string;
    }
  /** The connection is closed after this many bytes of the body. */
  | { readonly kind: 'cut'; readonly at: number }
  /** After this many bytes nothing more comes. */
  | { readonly kind: 'stall'; readonly at: number }
  /** After this many bytes the rest waits for {@link FaultyUpstream.release}. */
  | { readonly kind: 'gate'; readonly at: number }
  /** No answer at all, and the connection stays open. */
  | { readonly kind: 'hang' }
  /** The connection is closed without an answer. */
  | { readonly kind: 'reset' }
  /** The event of this number is no JSON. */
  | { readonly kind: 'malformed'; readonly event: number }
  /** The body is sent in pieces of this many bytes. */
  | { readonly kind: 'pieces'; readonly size: number }
  /** The stream ends in good order, but its last event is missing. */
  | { readonly kind: 'unfinished' }
  /** This many bytes of content, as fast as they are read. */
  | { readonly kind: 'flood'; readonly bytes: number };

export const none: Fault = { kind: 'none' };
