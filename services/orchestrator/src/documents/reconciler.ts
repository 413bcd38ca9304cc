import type { DocumentStore } from '../ports/document-store.ts';
import type { Embedder } from '../ports/embedder.ts';
import type { VectorStore } from '../ports/vector-store.ts';
import { embeddingText } from './passages.ts';

export interface ReconcilerDeps {
  readonly documents: DocumentStore;
  readonly vectors: VectorStore;
  readonly embedder: Embedder;
}

export interface Reconciled {
  /** Vectors that were missing and were made again. */
  readonly restored: number;
  /** Writes whose vectors were removed. */
  readonly removed: number;
  /** Whether vectors that no write accounts for were removed. */
  readonly swept: boolean;
}

/** A write may take this long; after that it is given up, and its vectors are removed. */
const PENDING_SECONDS = 30 * 60;
const PAGE = 64;

/**
 * Brings the vector store in line with the document store: makes the collection, the vectors that it lacks (all of them,
 * when its volume is lost or the embedding model is a new one), and removes those of unfinished and replaced writes.
 */
export class Reconciler {
  readonly #deps: ReconcilerDeps;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  /**
   * @param thorough Look at every passage, not only when the numbers differ. At start-up, and when the store came back.
   * @returns undefined when another replica is at it
   */
  async run(thorough: boolean): Promise<Reconciled | undefined> {
    const { documents, vectors } = this.#deps;
    await vectors.ensure();
    let result: Reconciled | undefined;
    await documents.exclusively('reconcile', async () => {
      const removed = await this.#collectGarbage();
      const [held, wanted] = [await vectors.count(), await documents.count()];
      const restored = thorough || held < wanted ? await this.#restore() : 0;
      result = { removed, restored, swept: held > wanted ? await this.#sweep() : false };
    });
    return result;
  }

  async #collectGarbage(): Promise<number> {
    const { documents, vectors } = this.#deps;
    let removed = 0;
    for (;;) {
      const revisions = await documents.garbage(PENDING_SECONDS, 100);
      if (revisions.length === 0) return removed;
      await vectors.deleteRevisions(revisions);
      await documents.collected(revisions);
      removed += revisions.length;
    }
  }

  /**
   * Vectors that no write accounts for: the database was restored from an older backup, or lost. They would crowd out the
   * real ones among the nearest. Not while a write is under way: its vectors come before its row. One that begins right
   * now may still lose its vectors here; then the numbers differ at the next run, and they are made again.
   */
  async #sweep(): Promise<boolean> {
    const { live, unsettled } = await this.#deps.documents.revisions();
    if (unsettled.length > 0) return false;
    await this.#deps.vectors.deleteAllBut(live);
    return true;
  }

  async #restore(): Promise<number> {
    const { documents, vectors, embedder } = this.#deps;
    let restored = 0;
    let after = '';
    for (;;) {
      const page = await documents.page(after, PAGE);
      const last = page.at(-1);
      if (!last) return restored;
      after = last.id;
      const present = await vectors.present(page.map((passage) => passage.id));
      const missing = page.filter((passage) => !present.has(passage.id));
      if (missing.length === 0) continue;
      const embedded = await embedder.embed(missing.map((passage) => embeddingText(passage.title, passage)));
      await vectors.upsert(missing.map(({ id, revision }, at) => ({ id, revision, vector: embedded[at] ?? [] })));
      // Replaced while it was being embedded: its clean-up may have run before these vectors came, so they go again.
      const still = new Set((await documents.passages(missing.map(({ id }) => id))).map(({ id }) => id));
      const stale = new Set(missing.filter(({ id }) => !still.has(id)).map(({ revision }) => revision));
      if (stale.size > 0) await vectors.deleteRevisions([...stale]);
      restored += missing.length - stale.size;
    }
  }
}
