import type { Environment, Replacement } from './environments.ts';
import type { Platform } from './platforms/platform.ts';

/** What an environment has in another form than the platform's guide names it. */
export function replacementsOf({ replaceable }: Platform, { replacements }: Environment): readonly Replacement[] {
  return replacements.filter(({ component }) => replaceable.includes(component));
}
