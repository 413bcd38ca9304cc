import type { DependencyMonitor } from '../dependencies/monitor.ts';
import type { DocumentWriter } from '../documents/writer.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { ModelClient } from '../gateway/model-client.ts';
import type { Lifecycle } from '../lifecycle.ts';
import type { Metrics } from '../metrics.ts';
import type { Retriever } from '../retrieval/retriever.ts';
import type { InferenceClient } from '../upstream/inference.ts';

/** What the RAG routes work with. */
export interface RagDeps {
  readonly writer: DocumentWriter;
  readonly retriever: Retriever;
}

/** What the gateway routes work with. */
export interface GatewayDeps {
  readonly gateway: Gateway;
  /** The same, for the parts of the service that ask a model themselves. */
  readonly models: ModelClient;
  readonly lifecycle: Lifecycle;
  /** undefined where no inference service is configured: then there are no embeddings */
  readonly inference: InferenceClient | undefined;
}

/** What the health routes report. */
export interface HealthDeps {
  readonly lifecycle: Lifecycle;
  readonly monitors: readonly DependencyMonitor[];
}

export type { Metrics };
