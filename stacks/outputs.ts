import type { Output } from '@pulumi/pulumi';
import type { Environment, Replacement } from './environments.ts';
import type { Platform } from './platforms/platform.ts';
import { replacementsOf } from './replacements.ts';
import { componentsIn } from './where.ts';

/** What a stack tells those who use it. */
export interface StackOutputs {
  readonly platform: string;
  readonly environment: string;
  readonly namespaces: readonly string[];
  /** Component to the address at which a person, or a client in the cluster, reaches it. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly components: readonly string[];
  /** Components of the guide that this environment has in another form, with the reason. */
  readonly replacements: readonly Replacement[];
  /** Tokens of the API by caller: secret. */
  readonly apiTokens: Readonly<Record<string, Output<string>>>;
}

/** Outputs of a stack. `secrets` are Outputs that are secret already, and stay so. */
export function outputsOf(
  platform: Platform,
  environment: Environment,
  secrets: Readonly<Record<string, Output<string>>>,
): StackOutputs {
  const placed = componentsIn(platform, environment);
  const addresses = platform.entries.flatMap(({ component, port }) =>
    placed
      .filter((place) => place.component.name === component)
      .map(({ namespace }) => {
        const host = environment.host ?? `${component}.${namespace}.svc`;
        return [component, `http://${host}:${port}`] as const;
      }),
  );
  const tokens = placed.flatMap(({ component }) =>
    component.kind === 'orchestrator' ? Object.entries(component.tokens) : [],
  );
  return {
    platform: platform.name,
    environment: environment.name,
    namespaces: platform.namespaces.map(({ name }) => name),
    addresses: Object.fromEntries(addresses),
    components: placed.map(({ component }) => component.name),
    replacements: replacementsOf(platform, environment),
    apiTokens: Object.fromEntries(
      tokens.flatMap(([caller, secret]) => {
        const value = secrets[secret];
        return value === undefined ? [] : [[caller, value] as const];
      }),
    ),
  };
}
