import { environments } from '../../stacks/environments.ts';
import { platforms } from '../../stacks/platforms/index.ts';
import type { EntrySpec, Platform } from '../../stacks/platforms/platform.ts';
import { componentsIn } from '../../stacks/where.ts';
import { exitCodes, Failure } from '../failure.ts';

/** The platform that a stack's name asks for. */
export function platformOf(stack: string): Platform {
  const [name = '', environment] = stack.split('.');
  const platform = Object.values(platforms).find((each) => each.name === name);
  if (platform !== undefined && environment === 'local') return platform;
  throw new Failure({
    path: '--stack',
    value: `"${stack}" cannot run on this machine`,
    cure: `Use one of ${Object.keys(platforms)
      .map((each) => `${each}.local`)
      .join(', ')}`,
    exitCode: exitCodes.usage,
  });
}

/**
 * The stack that a command line asks for.
 *
 * @param platform - a platform's name, or the name of its local stack
 * @throws Failure when both are given and differ
 */
export function stackOf(platform: string | undefined, stack: string | undefined, fallback: string): string {
  if (platform === undefined) return stack ?? fallback;
  const named = platform.includes('.') ? platform : `${platform}.local`;
  if (stack === undefined || stack === named) return named;
  throw new Failure({
    path: `${platform}, --stack ${stack}`,
    value: 'they name two platforms',
    cure: 'Leave one of them out',
    exitCode: exitCodes.usage,
  });
}

/** What a person opens on this machine, and the namespace that it lives in. */
export function entriesOf(platform: Platform): readonly (EntrySpec & { readonly namespace: string })[] {
  const placed = componentsIn(platform, environments.local);
  return platform.entries.flatMap((entry) => {
    const home = placed.find(({ component }) => component.name === entry.component);
    return home === undefined ? [] : [{ ...entry, namespace: home.namespace }];
  });
}
