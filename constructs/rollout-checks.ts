import type { Problem } from './problem.ts';
import type { RolloutProps } from './rollout.ts';

/** How far the share of the pods may be from the weight, in points of percent, before it is a mistake. */
const tolerance = 5;

/** How a number of pods divides for a weight in percent: at least one of each. */
export function replicasByWeight(total: number, weight: number): { readonly stable: number; readonly canary: number } {
  const canary = Math.min(Math.max(1, Math.round((total * weight) / 100)), Math.max(1, total - 1));
  return { canary, stable: Math.max(1, total - canary) };
}

/** What the properties of a rollout get wrong. */
export function checkRollout({ target, strategy, argo }: RolloutProps): Problem[] {
  const problems: Problem[] = [];
  const add = (path: string, value: unknown, cure: string) => problems.push({ path: `rollout.${path}`, value, cure });
  const { workload } = target;
  if (workload.controller.kind !== 'Deployment') {
    add(
      'target',
      workload.controller.kind,
      'only a Deployment is rolled out so: pods with an identity are replaced in place',
    );
  }
  if (strategy.kind === 'rolling') {
    const { surge = 1, unavailable = 0 } = strategy;
    if (surge < 1 && unavailable < 1)
      add('strategy', { surge, unavailable }, 'one of them has to be 1 or more, or nothing can move');
    return problems;
  }
  const [first, second] =
    strategy.kind === 'blue-green'
      ? [strategy.blue, strategy.green?.version]
      : [strategy.stable, strategy.canary?.version];
  for (const version of [first, second]) {
    if (version !== undefined && !/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(version)) {
      add('version', version, 'use at most 63 letters, digits, dots, hyphens and underscores');
    }
  }
  if (first === second) add('version', second, 'both have the same version: the service could not tell them apart');
  if (strategy.kind === 'blue-green') {
    if (strategy.live === 'green' && !strategy.green)
      add('live', 'green', 'there is no green release: name it, or set live to "blue"');
    return problems;
  }
  const { weight, canary, by = 'pods' } = strategy;
  if (!Number.isFinite(weight) || weight < 0 || weight > 100) add('weight', weight, 'use 0 to 100 percent');
  else if (canary && by === 'pods' && !argo) {
    const { stable, canary: pods } = replicasByWeight(workload.replicas, weight);
    const actual = Math.round((pods / (stable + pods)) * 100);
    if (Math.abs(actual - weight) > tolerance) {
      const needed = Math.ceil(100 / Math.max(1, Math.min(weight, 100 - weight)));
      add('weight', weight, `${stable} + ${pods} pods give ${actual} percent: use by: "route", or ${needed} replicas`);
    }
  }
  return problems;
}
