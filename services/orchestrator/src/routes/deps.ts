import type { DependencyMonitor } from '../dependencies/monitor.ts';
import type { DocumentWriter } from '../documents/writer.ts';
import type { Lifecycle } from '../lifecycle.ts';
import type { Metrics } from '../metrics.ts';
import type { MeteredChat } from '../providers/metered.ts';
import type { Providers } from '../providers/registry.ts';
import type { Retriever } from '../retrieval/retriever.ts';
import type { InferenceClient } from '../upstream/inference.ts';

/** What the RAG routes work with. */
export interface RagDeps {
  readonly writer: DocumentWriter;
  readonly retriever: Retriever;
}

/** What the gateway routes work with. */
export interface GatewayDeps {
  readonly providers: Providers;
  readonly chat: MeteredChat;
  /** undefined where no inference service is configured: then there are no embeddings */
  readonly inference: InferenceClient | undefined;
}

/** What the health routes report. */
export interface HealthDeps {
  readonly lifecycle: Lifecycle;
  readonly monitors: readonly DependencyMonitor[];
}

export type { Metrics };
