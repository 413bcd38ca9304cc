import { deviceMemory } from './gpu-pool.ts';
import { modelMemory } from './model-memory.ts';
import type { ModelServerProps } from './model-server.ts';
import type { Problem } from './problem.ts';
import type { RuntimePlan } from './runtimes/runtime.ts';

/** Models that do not fit into the memory that they are computed in. What is not known about a model is not counted. */
export function checkMemory(props: ModelServerProps, plan: RuntimePlan): readonly Problem[] {
  const { precision, context, sequences, cache = 'fp16' } = plan;
  const known = props.models.flatMap(({ model }) => modelMemory({ model, precision, context, sequences, cache }) ?? []);
  if (known.length === 0) return [];
  const weights = sum(known.map((each) => each.weights));
  const keyValueCache = sum(known.map((each) => each.keyValueCache));
  if (props.variant?.kind !== 'gpu') return onCpu(props, weights, keyValueCache);
  const { variant } = props;
  const devices = variant.count * (props.group?.size ?? 1);
  const has = deviceMemory(variant) * devices * plan.memoryShare;
  const needs = weights + keyValueCache + plan.overhead * devices;
  if (has === 0 || needs <= has) return [];
  const parts = [
    `weights ${gib(weights)} in ${precision}`,
    ...(keyValueCache > 0 ? [`cache ${gib(keyValueCache)} for ${sequences} of ${context} tokens`] : []),
    `server ${gib(plan.overhead * devices)}`,
  ];
  return [
    {
      path: 'variant',
      value: `${devices} of ${variant.type}, ${gib(has)} usable`,
      cure: `the models take ${gib(needs)} (${parts.join(', ')}): use more or bigger GPUs, fewer bits, or a shorter context`,
    },
  ];
}

function onCpu({ resources }: ModelServerProps, weights: number, keyValueCache: number): readonly Problem[] {
  const limit = resources.memory.limit.toMebibytes();
  const needs = weights + keyValueCache;
  if (needs <= limit) return [];
  return [
    {
      path: 'resources.memory.limit',
      value: resources.memory.limit.asString(),
      cure: `weights and cache alone take ${gib(needs)}: raise it above that, use fewer bits, or a shorter context`,
    },
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function gib(mebibytes: number): string {
  return `${(mebibytes / 1024).toFixed(1)} GiB`;
}
