/** A passage on its way into the store. */
export interface NewPassage {
  readonly id: string;
  readonly position: number;
  readonly heading: string;
  readonly text: string;
}

/** A document on its way into the store. */
export interface NewDocument {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Hash of everything that makes the document: equal hash, equal document. */
  readonly hash: string;
}

/** A passage as it is read. */
export interface StoredPassage {
  readonly id: string;
  readonly document: string;
  readonly title: string;
  readonly source: string;
  readonly position: number;
  readonly heading: string;
  readonly text: string;
}

/** A word of a question, with what it makes together with its neighbours: "roll back" is found as "rollback", too. */
export interface QueryWord {
  readonly word: string;
  /** The compound with the word before it, or empty. */
  readonly before: string;
  /** The compound with the word after it, or empty. */
  readonly after: string;
}

export interface LexicalHit {
  readonly id: string;
  /** Weight of the words that the passage holds, of the weight of all words asked for, 0..1; rare words weigh more. */
  readonly share: number;
  /** The share, with a bonus for words in the heading. */
  readonly rank: number;
}

export interface DocumentState {
  readonly hash: string;
  readonly passages: number;
}

/** What a commit did. */
export type CommitResult =
  | { readonly outcome: 'stored'; readonly replaced: readonly string[] }
  /** Another write stored the same content first. */
  | { readonly outcome: 'unchanged'; readonly passages: number };

/**
 * Documents and their passages: the truth. A write has three steps, so that a crash between them loses and duplicates nothing:
 * `begin` notes the revision, the caller writes its vectors, `commit` makes it the document's content at once. A revision
 * that never commits, or that a later one replaces, is listed by `garbage` until its vectors are gone.
 *
 * Every method throws AppError `dependency_unavailable` when the store cannot be reached.
 */
export interface DocumentStore {
  state(id: string): Promise<DocumentState | undefined>;
  /** Notes that `revision` is about to be written. */
  begin(revision: string, document: string): Promise<void>;
  /** @throws AppError `write_conflict` when the revision was given up meanwhile. */
  commit(revision: string, document: NewDocument, passages: readonly NewPassage[]): Promise<CommitResult>;
  /** Gives a begun revision up. */
  abandon(revision: string): Promise<void>;
  /** @returns the revisions that became garbage, or undefined when there is no such document */
  remove(id: string): Promise<readonly string[] | undefined>;
  /** Revisions whose vectors have to go; begun ones count once they are older than `pendingSeconds`. */
  garbage(pendingSeconds: number, limit: number): Promise<readonly string[]>;
  /** Forgets revisions whose vectors are gone. */
  collected(revisions: readonly string[]): Promise<void>;
  /** Every revision that may have vectors: the documents' own, and those of `begin` and `garbage`. */
  revisions(): Promise<{ readonly live: readonly string[]; readonly unsettled: readonly string[] }>;
  /** Passages by id, in the order of their ids; those that are not there are left out. */
  passages(ids: readonly string[]): Promise<StoredPassage[]>;
  /** Passages in the order of their ids, after `after`. */
  page(after: string, limit: number): Promise<(StoredPassage & { readonly revision: string })[]>;
  /** The passages that hold words of the query, best first. */
  lexical(words: readonly QueryWord[], limit: number): Promise<LexicalHit[]>;
  count(): Promise<number>;
  /**
   * Runs `work` when no other replica is running work of this name.
   * @returns false when another one is
   */
  exclusively(name: string, work: () => Promise<void>): Promise<boolean>;
  ping(): Promise<void>;
}
