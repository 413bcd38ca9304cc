import { createHash, randomUUID } from 'node:crypto';
import { AppError } from '../errors/app-error.ts';
import type { DocumentStore, NewPassage } from '../ports/document-store.ts';
import type { Embedder } from '../ports/embedder.ts';
import type { VectorStore } from '../ports/vector-store.ts';
import { embeddingText, passagesOf } from './passages.ts';

/** Part of every content hash: a better way to make passages makes a stored document a changed one. */
const PASSAGE_FORMAT = 1;

export interface DocumentInput {
  readonly id: string;
  readonly text: string;
  readonly title?: string;
  readonly source?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface WriteResult {
  readonly id: string;
  readonly passages: number;
  readonly unchanged: boolean;
}

export interface WriterDeps {
  readonly documents: DocumentStore;
  readonly vectors: VectorStore;
  readonly embedder: Embedder;
  /** Told when vectors of a finished write could not be removed; the reconciler removes them later. */
  readonly onLeftover: (error: unknown) => void;
}

/** Stores and deletes documents. See {@link DocumentStore} for how a crash between the two stores is survived. */
export class DocumentWriter {
  readonly #deps: WriterDeps;

  constructor(deps: WriterDeps) {
    this.#deps = deps;
  }

  /** Stores a document, or replaces the one with this id. Readers see the old passages or the new ones, never a mixture. */
  async put(input: DocumentInput, signal?: AbortSignal): Promise<WriteResult> {
    const { documents, vectors, embedder } = this.#deps;
    const hash = contentHash(input);
    const known = await documents.state(input.id);
    if (known?.hash === hash) return { id: input.id, passages: known.passages, unchanged: true };

    const { title, passages } = passagesOf(input.id, input.text, input.title);
    if (passages.length === 0) {
      throw new AppError('invalid_request', {
        details: [
          { path: 'body.text', problem: 'holds nothing but headings or markup', cure: 'Send a document with text.' },
        ],
      });
    }
    const revision = randomUUID();
    const rows: NewPassage[] = passages.map((passage, position) => ({
      ...passage,
      position,
      id: passageId(revision, position),
    }));
    await documents.begin(revision, input.id);
    try {
      const embedded = await embedder.embed(
        passages.map((passage) => embeddingText(title, passage)),
        signal,
      );
      await vectors.upsert(rows.map((row, at) => ({ id: row.id, revision, vector: embedded[at] ?? [] })));
      const { id, source = input.id, metadata = {} } = input;
      const done = await documents.commit(revision, { id, title, source, metadata, hash }, rows);
      await this.#forget(done.outcome === 'stored' ? done.replaced : [revision]);
      return {
        id,
        passages: done.outcome === 'stored' ? rows.length : done.passages,
        unchanged: done.outcome === 'unchanged',
      };
    } catch (error) {
      // Best effort: what cannot be noted now is found by its age later.
      await documents.abandon(revision).then(
        () => this.#forget([revision]),
        () => undefined,
      );
      throw error;
    }
  }

  /** @returns false when there is no such document */
  async remove(id: string): Promise<boolean> {
    const revisions = await this.#deps.documents.remove(id);
    if (revisions === undefined) return false;
    await this.#forget(revisions);
    return true;
  }

  /** The document store no longer names these vectors, so nobody sees them: failing to delete them fails no request. */
  async #forget(revisions: readonly string[]): Promise<void> {
    if (revisions.length === 0) return;
    try {
      await this.#deps.vectors.deleteRevisions(revisions);
      await this.#deps.documents.collected(revisions);
    } catch (error) {
      this.#deps.onLeftover(error);
    }
  }
}

/** Ids sort by revision and position, and are never used twice: an old write's clean-up cannot hit a new one's vectors. */
export function passageId(revision: string, position: number): string {
  return `${revision}:${String(position).padStart(6, '0')}`;
}

function contentHash(input: DocumentInput): string {
  const { id, text, title = null, source = null, metadata = {} } = input;
  return createHash('sha256')
    .update(JSON.stringify([PASSAGE_FORMAT, id, title, source, sorted(metadata), text]))
    .digest('hex');
}

/** The same metadata in another order of its keys is the same metadata. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
