import type { Connectable, Outside, Provider } from '../constructs/index.ts';
import type { Environment } from './environments.ts';
import type { OrchestratorSpec, ProviderSpec } from './platforms/platform.ts';
import { isIn } from './where.ts';

/** Every address outside private networks. */
export const internet: Outside = {
  cidr: '0.0.0.0/0',
  // Private, shared, and link-local addresses, the metadata service of clouds among them (RFC 1918, 6598, 3927).
  except: ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
};

/** The providers that an orchestrator has in an environment, each with the component behind it where it is one. */
export function providersOf(
  spec: OrchestratorSpec,
  environment: Environment,
  made: ReadonlyMap<string, Connectable>,
  secret: (name: string) => string,
): readonly { readonly provider: Provider; readonly target?: { readonly component: string; readonly port: string } }[] {
  return (spec.providers ?? [])
    .filter((each) => isIn(environment, each))
    .map((each) => {
      const { where: _where, key, at, ...rest } = each;
      const provider = { ...rest, ...(key && { apiKey: secret(key.secret), apiKeyName: key.name }) };
      if ('url' in at) return { provider: { ...provider, baseUrl: at.url, at: internet } };
      return { provider: { ...provider, baseUrl: addressOf(spec, each, at, made) }, target: at };
    });
}

/** Address of a component with the version of the API. */
function addressOf(
  { name }: OrchestratorSpec,
  provider: ProviderSpec,
  at: { readonly component: string; readonly port: string },
  made: ReadonlyMap<string, Connectable>,
): string {
  const workload = made.get(at.component)?.workload;
  const port = workload?.ports[at.port];
  if (workload === undefined || port === undefined) {
    throw new Error(
      `${name}.providers.${provider.name}.at: "${at.component}" with a port "${at.port}" is no component here; correct it, or say where the provider exists`,
    );
  }
  return `http://${workload.name}.${workload.namespace.name}.svc:${port.number}/v1`;
}
