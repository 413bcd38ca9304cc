import { plan, register, Tokens } from '../constructs/bridge/index.ts';
import { Images } from '../constructs/index.ts';
import { Cluster } from './cluster.ts';
import { compose } from './compose.ts';
import { hide, readSettings } from './config.ts';
import { environments } from './environments.ts';
import { outputsOf } from './outputs.ts';
import { platforms } from './platforms/index.ts';

/** The program: configuration -> platform and environment -> constructs -> bridge -> Pulumi. Returns the stack's outputs. */
export default async function program() {
  const settings = readSettings();
  const platform = platforms[settings.platform];
  const environment = environments[settings.environment];

  const tokens = new Tokens();
  const secrets = hide(settings.secrets);
  const markers = new Map(Object.entries(secrets).map(([name, value]) => [name, tokens.token(value)]));
  const composition = compose({
    platform,
    environment,
    images: new Images({
      overrides: settings.images,
      ...(settings.registry !== undefined && { registry: settings.registry }),
    }),
    // The configuration was checked for every secret that the platform declares.
    secret: (name) => markers.get(name) ?? undeclared(name, platform.name),
  });

  const provider = new Cluster('cluster', settings.kubeContext);
  await register(plan(composition.app), { provider, tokens, protectStateful: environment.protectStateful });
  return outputsOf(platform, environment, secrets);
}

function undeclared(name: string, platform: string): never {
  throw new Error(`[${platform}] secrets: "${name}" is not declared: add it to the platform's list of secrets`);
}
