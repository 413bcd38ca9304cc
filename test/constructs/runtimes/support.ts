import { EnvValue } from 'cdk8s-plus-28';
import { Images, type Model, type ModelRuntime } from '../../../constructs/index.ts';
import { planOf } from '../../../constructs/runtimes/index.ts';
import type { RuntimeContext, RuntimePlan } from '../../../constructs/runtimes/runtime.ts';

/** What a runtime asks of the workload, for some models. */
export function plan(runtime: ModelRuntime, models: readonly Model[], more: Partial<RuntimeContext> = {}): RuntimePlan {
  const images = new Images({ registry: 'registry.example/team' });
  return planOf(runtime, {
    images,
    models: models.map((model) => ({ model, source: { kind: 'image', image: images.get('curl') } })),
    folder: '/models',
    nodes: 1,
    logLevel: 'info',
    ...more,
  });
}

export const token = EnvValue.fromValue('reference');

/** The cures that a plan comes with. */
export function cures({ problems = [] }: RuntimePlan): string {
  return problems.map(({ path, cure }) => `${path}: ${cure}`).join('\n');
}
