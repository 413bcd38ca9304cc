import { RunError } from '@pulumi/pulumi';
import { type Plan, plan, register, Tokens } from '../constructs/bridge/index.ts';
import { Images, WiringError } from '../constructs/index.ts';
import { Cluster } from './cluster.ts';
import { type CompositionProps, compose } from './compose.ts';
import { hide, readSettings, type Settings } from './config.ts';
import { environments } from './environments.ts';
import { outputsOf } from './outputs.ts';
import { platforms } from './platforms/index.ts';

// Pulumi's runner maps every stack trace that its runtime takes, several per resource, through source maps. Node runs these
// files without any, so mapping changes nothing but costs a fifth of the start-up time.
Reflect.deleteProperty(Error, 'prepareStackTrace');

/** The program: configuration -> platform and environment -> constructs -> bridge -> Pulumi. Returns the stack's outputs. */
export default async function program() {
  const settings = readSettings();
  const platform = platforms[settings.platform];
  const environment = environments[settings.environment];

  const tokens = new Tokens();
  const secrets = hide(settings.secrets);
  const markers = new Map(Object.entries(secrets).map(([name, value]) => [name, tokens.token(value)]));
  const planned = planOf({
    platform,
    environment,
    images: new Images({
      overrides: settings.images,
      ...(settings.registry !== undefined && { registry: settings.registry }),
    }),
    ...(settings.domain !== undefined && { domain: settings.domain }),
    // The configuration was checked for every secret that the platform declares.
    secret: (name) => markers.get(name) ?? undeclared(name, platform.name),
  });

  const cloud = await cloudOf(planned, settings);
  const provider = cloud?.cluster ?? new Cluster('cluster', settings.kubeContext);
  const after = cloud?.ready ?? [];
  await register(planned, { provider, tokens, after, protectStateful: environment.protectStateful });
  return { ...outputsOf(platform, environment, secrets), ...(cloud && { cloud: cloud.outputs }) };
}

/** The cloud that the environment asks for; none where the configuration names a cluster that exists. */
async function cloudOf(planned: Plan, settings: Settings) {
  const environment = environments[settings.environment];
  const { cloud } = environment;
  if (cloud.kind !== 'aws' || settings.kubeContext !== undefined) return undefined;
  // Loaded only where it is used: the SDK takes longer than all the rest.
  const { makeCloud } = await import('./cloud.ts');
  const { platform, access, apiServerCidrs, domain } = settings;
  return makeCloud({ cloud, environment, platform, plan: planned, access, apiServerCidrs, ...(domain && { domain }) });
}

/** The plan. Mistakes in the platform's data are shown as they are; a stack trace would lead to where nothing is wrong. */
function planOf(props: CompositionProps): Plan {
  try {
    return plan(compose(props).app);
  } catch (error) {
    const isMistake =
      error instanceof WiringError || (error instanceof Error && /^Validation failed/.test(error.message));
    throw isMistake ? new RunError(error.message) : error;
  }
}

function undeclared(name: string, platform: string): never {
  throw new RunError(`[${platform}] secrets: "${name}" is not declared: add it to the platform's list of secrets`);
}
