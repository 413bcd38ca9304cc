import type { Target } from '../gateway/call.ts';
import type { Reservation } from '../ledger/postgres-ledger.ts';
import { type CallFacts, type CallTarget, type LedgerRow, lostRow } from '../ledger/row.ts';
import type { Slotted } from '../slots.ts';
import type { Noting } from './journal.ts';

/** A call that was admitted; it has a slot until it is settled. */
export interface OpenCall extends Slotted {
  readonly facts: CallFacts;
  /** Milliseconds since 1970, by the clock of the store that admitted it. */
  readonly at: number;
  readonly amountNanoUsd: number;
  /** The epoch of Redis that holds the reservation; undefined: Redis never knew it. */
  readonly epoch: string | undefined;
  /** The generation of the journal that holds it. */
  readonly generation: string | undefined;
  /** The backend that was asked last, or would have been first. */
  target: CallTarget;
  /** Whether a backend was asked. */
  sent: boolean;
  /** Whether PostgreSQL knows the reservation. */
  published: boolean;
  /** Whether a mark in the journal tells the backend. */
  marked: boolean;
  /** Of a call that was admitted with credit. */
  admittal: Noting | undefined;
}

/** What the journal keeps of a call. */
interface JournalEntry {
  readonly facts: CallFacts;
  readonly target: CallTarget;
  readonly sent: boolean;
}

/** The facts as the journal keeps them. */
export function journalText(call: Pick<OpenCall, 'facts' | 'target' | 'sent'>): string {
  return JSON.stringify({ facts: call.facts, target: call.target, sent: call.sent });
}

/** A call as PostgreSQL keeps it while Redis is gone. */
export function reservationOf(call: OpenCall): Reservation {
  return {
    requestId: call.facts.request_id,
    at: call.at,
    user: call.facts.user_id,
    amountNanoUsd: call.amountNanoUsd,
    replica: call.facts.replica,
    entry: journalText(call),
  };
}

/** What a journal says about a call whose replica died; undefined when it is not readable. */
export function rowOfLost(text: string, at: number, mark: string | undefined): LedgerRow | 'unsent' | undefined {
  try {
    // Written by `journalText`, by a replica of this or a near version.
    const entry = JSON.parse(text) as JournalEntry;
    if (!entry.sent && mark === undefined) return 'unsent';
    const target = mark === undefined ? entry.target : (JSON.parse(mark) as CallTarget); // By `targetText`.
    return lostRow(entry.facts, at, target);
  } catch {
    return undefined;
  }
}

/** The mark of a call for which a backend is asked. */
export function targetText({ provider, tier, model }: CallTarget): string {
  return JSON.stringify({ provider, tier, model });
}

export function targetOf({ provider, tier, model }: Target): CallTarget {
  return { provider, tier, model };
}
