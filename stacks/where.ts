import type { Environment } from './environments.ts';
import type { ComponentSpec, Platform, Where } from './platforms/platform.ts';

/** Whether an environment has something that exists only where its cluster offers, or lacks, a capability. */
export function isIn({ capabilities }: Environment, { where }: { readonly where?: Where }): boolean {
  if (where === undefined) return true;
  return 'has' in where ? capabilities.has(where.has) : !capabilities.has(where.lacks);
}

/** A component and the namespace that it lives in. */
export interface Placed {
  readonly namespace: string;
  readonly component: ComponentSpec;
}

/** The components that a platform has in an environment. */
export function componentsIn({ namespaces }: Platform, environment: Environment): readonly Placed[] {
  return namespaces.flatMap(({ name, components }) =>
    components.filter((each) => isIn(environment, each)).map((component) => ({ namespace: name, component })),
  );
}
