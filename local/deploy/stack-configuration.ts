import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { type PulumiCli, pulumi } from './pulumi.ts';

/** What the configuration of a local stack has to say. */
export interface StackValues {
  /** Image by its name in the catalogue. */
  readonly images: Readonly<Record<string, string>>;
  /** Context of the kubeconfig. */
  readonly kubeContext: string;
  /** Registry and prefix of images that are not named above. @default - none */
  readonly registry?: string;
  readonly simulatedGpuNodes: number;
  /** Secrets that need a value. One that has a value keeps it. */
  readonly secrets: readonly string[];
  /** Secrets whose value is given; the others are made up. */
  readonly givenSecrets: Readonly<Record<string, string>>;
}

/** Where the configuration lies: in the checkout, where Pulumi reads it, and in the state, where it outlives the checkout. */
export interface StackConfigurationFiles {
  readonly inCheckout: string;
  readonly inState: string;
}

export function stackConfigurationFiles(repository: string, state: string, stack: string): StackConfigurationFiles {
  const name = `Pulumi.${stack}.yaml`;
  return {
    inCheckout: path.join(repository, 'stacks', 'config', name),
    inState: path.join(state, 'pulumi', 'config', name),
  };
}

type Configuration = Readonly<Record<string, unknown>>;

function read(file: string): Configuration {
  if (!existsSync(file)) return {};
  // Written by Pulumi: a map under `config`.
  const document = parse(readFileSync(file, 'utf8')) as { config?: Configuration } | null;
  return document?.config ?? {};
}

const entries = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const same = (a: unknown, b: unknown): boolean => {
  const sorted = (value: unknown): string => JSON.stringify(Object.entries(entries(value)).sort());
  return typeof b === 'object' ? sorted(a) === sorted(b) : a === b;
};

/**
 * Makes the stack exist with exactly this configuration. Secrets are made up once, handed to Pulumi through its standard input,
 * and lie encrypted in the file; nothing happens when all is as it should be.
 */
export async function configureStack(
  cli: PulumiCli,
  files: StackConfigurationFiles,
  values: StackValues,
): Promise<void> {
  mkdirSync(path.dirname(files.inState), { recursive: true, mode: 0o700 });
  mkdirSync(path.dirname(files.inCheckout), { recursive: true });
  // What another state left in the checkout is encrypted with that state's passphrase.
  if (existsSync(files.inState)) copyFileSync(files.inState, files.inCheckout);
  else rmSync(files.inCheckout, { force: true });
  const backend = path.join(new URL(cli.env.PULUMI_BACKEND_URL ?? '').pathname, '.pulumi', 'stacks', 'keelson');
  if (!existsSync(path.join(backend, `${cli.stack}.json`))) {
    await pulumi(cli, ['stack', 'init', '--no-select']);
  }
  const now = read(files.inCheckout);
  const plain: Readonly<Record<string, string | Readonly<Record<string, string>>>> = {
    images: values.images,
    kubeContext: values.kubeContext,
    simulatedGpuNodes: String(values.simulatedGpuNodes),
    ...(values.registry !== undefined && { registry: values.registry }),
  };
  if (values.registry === undefined && now['keelson:registry'] !== undefined)
    await pulumi(cli, ['config', 'rm', 'keelson:registry']);
  for (const [key, value] of Object.entries(plain)) {
    const present = now[`keelson:${key}`];
    if (same(typeof present === 'number' ? String(present) : present, value)) continue;
    if (typeof value === 'string') await pulumi(cli, ['config', 'set', `keelson:${key}`, value]);
    else {
      if (present !== undefined) await pulumi(cli, ['config', 'rm', `keelson:${key}`]);
      const assignments = Object.entries(value).flatMap(([name, text]) => [
        '--plaintext',
        `keelson:${key}["${name}"]=${text}`,
      ]);
      if (assignments.length > 0) await pulumi(cli, ['config', 'set-all', '--path', ...assignments]);
    }
  }
  const secrets = entries(now['keelson:secrets']);
  for (const name of values.secrets.filter((each) => !(each in secrets))) {
    const input = values.givenSecrets[name] ?? randomBytes(24).toString('base64url');
    await pulumi(cli, ['config', 'set', '--secret', '--path', `keelson:secrets.${name}`], { input });
  }
  copyFileSync(files.inCheckout, files.inState);
}
