import { type InferenceRuntime, inference } from './inference.ts';
import { type JanRuntime, jan } from './jan.ts';
import { type OllamaRuntime, ollama } from './ollama.ts';
import type { RuntimeContext, RuntimePlan } from './runtime.ts';
import { type TeiRuntime, tei } from './tei.ts';
import { type TritonRuntime, triton } from './triton.ts';
import { type VllmRuntime, vllm } from './vllm.ts';

/** The program that serves the models. Each kind has settings of its own. */
export type ModelRuntime = InferenceRuntime | VllmRuntime | OllamaRuntime | JanRuntime | TritonRuntime | TeiRuntime;

/** What a runtime asks of the workload. */
export function planOf(runtime: ModelRuntime, context: RuntimeContext): RuntimePlan {
  switch (runtime.kind) {
    case 'inference':
      return inference(runtime, context);
    case 'vllm':
      return vllm(runtime, context);
    case 'ollama':
      return ollama(runtime, context);
    case 'jan':
      return jan(runtime, context);
    case 'triton':
      return triton(runtime, context);
    case 'tei':
      return tei(runtime, context);
  }
}
