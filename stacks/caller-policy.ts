import type { CallerIdentity, OrchestratorPolicy } from '../constructs/index.ts';
import { WiringError } from '../constructs/index.ts';
import type { Environment } from './environments.ts';
import type { ComponentSpec, GatewaySpec, OrchestratorSpec, Platform } from './platforms/platform.ts';
import { componentsIn, isIn } from './where.ts';

/** What an orchestrator decides about its callers in an environment. */
export function policyIn(
  { policy }: Pick<OrchestratorSpec, 'policy'>,
  environment: Environment,
): OrchestratorPolicy | undefined {
  if (policy === undefined) return undefined;
  const { anonymous: _anonymous, ...rest } = policy;
  const anonymous = anonymousIn(policy, environment);
  return { ...rest, ...(anonymous && { anonymous }) };
}

function anonymousIn(
  { anonymous }: NonNullable<OrchestratorSpec['policy']>,
  environment: Environment,
): CallerIdentity | undefined {
  if (anonymous === undefined || !isIn(environment, anonymous)) return undefined;
  const { where: _where, ...identity } = anonymous;
  return identity;
}

/**
 * Looks that no gateway leads the public to what asks for no token.
 *
 * @throws WiringError where one does
 */
export function checkPublic(gateway: GatewaySpec, platform: Platform, environment: Environment): void {
  const components: ReadonlyMap<string, ComponentSpec> = new Map(
    componentsIn(platform, environment).map(({ component }) => [component.name, component]),
  );
  for (const { to } of gateway.routes) {
    const spec = components.get(to);
    if (spec?.kind !== 'orchestrator' || spec.policy === undefined) continue;
    const anonymous = anonymousIn(spec.policy, environment);
    if (anonymous === undefined) continue;
    throw new WiringError(`${platform.name}.${environment.name}`, {
      path: `${to}.policy.anonymous`,
      value: anonymous,
      cure: `the gateway "${gateway.name}" leads the public to it: add where: { lacks: 'publicHost' }, or leave it out`,
    });
  }
}
