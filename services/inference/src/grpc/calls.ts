import { type Context, notReady } from '../http/context.ts';
import type { Work } from '../http/request-log.ts';
import { allowedSeconds, deadline } from '../http/request-signal.ts';
import { toBytes } from '../protocol/datatypes.ts';
import { infer } from '../protocol/infer.ts';
import { describeModel } from '../protocol/model-metadata.ts';
import { loadModel, repositoryIndex, unloadModel } from '../protocol/repository.ts';
import { SERVER } from '../protocol/server-metadata.ts';
import {
  type ModelInferRequest,
  type NameAndVersion,
  type Parameters,
  parameterValue,
  type RepositoryIndexRequest,
  type RepositoryRequest,
} from './messages.ts';
import { requestTensors } from './tensors.ts';

/** A call on its way. */
export interface Answering {
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  /** Seconds that the client waits. */
  readonly deadline: number;
  /** What it made the server do, for the log. */
  work: Work | null;
}

/** The calls of the service, by name: a message in, a message out, errors thrown. */
export function inferenceCalls(context: Context) {
  const { registry, requestTimeoutSeconds } = context;
  return {
    ServerLive: async () => ({ live: true }),
    ServerReady: async () => ({ ready: notReady(context).length === 0 }),
    ModelReady: async ({ name, version }: NameAndVersion) => ({ ready: isReady(context, name, version) }),
    ServerMetadata: async () => SERVER,
    ModelMetadata: async ({ name, version }: NameAndVersion) => describeModel(registry, name, optional(version)),

    ModelInfer: async (request: ModelInferRequest, answering: Answering) => {
      const { id, model_name: name, model_version: version, outputs: wanted } = request;
      const asked = allowedSeconds(parameterValue(request.parameters.timeout), requestTimeoutSeconds);
      const { signal, cancel, end } = deadline(Math.min(asked, answering.deadline));
      answering.signal.addEventListener('abort', () => cancel(answering.signal.reason), { once: true });
      try {
        return await registry.use(name, optional(version), async (model) => {
          const inputs = requestTensors(request);
          const names = wanted.map((output) => output.name);
          const { outputs, work } = await infer(context, model, { inputs, outputs: names, signal });
          answering.work = work;
          return {
            id,
            model_name: model.name,
            model_version: model.version,
            outputs: outputs.map(({ name: output, datatype, tensor }) => ({
              name: output,
              datatype,
              shape: tensor.dims,
            })),
            raw_output_contents: outputs.map(({ tensor }) => toBytes(tensor)),
          };
        });
      } finally {
        end();
      }
    },

    RepositoryIndex: async ({ ready }: RepositoryIndexRequest) => ({ models: repositoryIndex(registry, ready) }),
    RepositoryModelLoad: async ({ model_name: name, parameters }: RepositoryRequest) => {
      await loadModel(context, name, plain(parameters));
      return {};
    },
    RepositoryModelUnload: async ({ model_name: name, parameters }: RepositoryRequest) => {
      await unloadModel(context, name, plain(parameters));
      return {};
    },
  };
}

/** An empty version is none. */
function optional(version: string): string | undefined {
  return version === '' ? undefined : version;
}

function isReady({ registry }: Context, name: string, version: string): boolean {
  return registry
    .entries()
    .some((entry) => entry.name === name && entry.state === 'ready' && (version === '' || entry.version === version));
}

function plain(parameters: Parameters): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, parameterValue(value)]));
}
