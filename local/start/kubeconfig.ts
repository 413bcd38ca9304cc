import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type Kubectl, kubectl } from '../cluster/kubectl.ts';
import { codeOf, exitCodes, Failure } from '../failure.ts';

/** The parts of a kubeconfig that are looked at; every one may be missing. */
interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly contexts?: readonly { readonly name?: string; readonly context?: { readonly cluster?: string } }[] | null;
  readonly clusters?: readonly { readonly name?: string; readonly cluster?: { readonly server?: string } }[] | null;
}

function refuse(path: string, value: string, cure: string): never {
  throw new Failure({ path, value, cure, exitCode: exitCodes.environment });
}

function read(file: string): Kubeconfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const value = codeOf(error) === 'ENOENT' ? 'there is no such file' : `it cannot be read (${codeOf(error)})`;
    return refuse(file, value, 'Name a kubeconfig: npm start -- --kubeconfig ~/.kube/config');
  }
  let document: unknown;
  try {
    document = parse(text);
  } catch {
    document = undefined;
  }
  if (typeof document !== 'object' || document === null || !('contexts' in document)) {
    refuse(file, 'this is no kubeconfig', 'Name one, as kubectl config view --raw --flatten writes it');
  }
  // Every field is optional and looked at with care.
  return document as Kubeconfig;
}

/**
 * The context to work with: the named one, else the file's current one.
 *
 * @throws Failure when the file is none, or has no such context
 */
export function contextIn(file: string, wanted?: string): string {
  const config = read(file);
  const known = (config.contexts ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]));
  const context = wanted ?? config['current-context'] ?? '';
  if (known.includes(context)) return context;
  const value = context === '' ? 'it names no current context' : `it has no context "${context}"`;
  const cure =
    known.length === 0 ? 'Name a file that has one' : `Choose one with --context: it has ${known.join(', ')}`;
  return refuse(file, value, cure);
}

/** Address of the API server of a context; undefined when the file does not say. */
export function serverOf(file: string, context: string): string | undefined {
  const config = read(file);
  const cluster = config.contexts?.find(({ name }) => name === context)?.context?.cluster;
  return config.clusters?.find(({ name }) => name === cluster)?.cluster?.server;
}

/** kubectl's last words without the times and places of its log lines. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n').at(-1) ?? text;
}

/**
 * Checks that the platform can be deployed to the cluster, and gives its identity, which a cluster that is made anew changes.
 *
 * @throws Failure when the cluster does not answer, or has no default storage class
 */
export async function identifyCluster(at: Kubectl): Promise<string> {
  const context = at.context ?? '';
  const where = `context "${context}" in ${at.kubeconfig}`;
  const ask = async (args: readonly string[]): Promise<string> => {
    try {
      return await kubectl(at, [...args, '--request-timeout=10s']);
    } catch (error) {
      return refuse(
        where,
        `the cluster at ${serverOf(at.kubeconfig, context) ?? 'no address'} refuses or does not answer (${reasonOf(error)})`,
        'Start the cluster or correct the file, or choose another context with --context',
      );
    }
  };
  // The namespace lives as long as the cluster.
  const id = await ask(['get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}']);
  // What the API server sends for a list of storage classes.
  const { items } = JSON.parse(await ask(['get', 'storageclasses', '-o', 'json'])) as {
    items: readonly {
      readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
    }[];
  };
  const mark = 'storageclass.kubernetes.io/is-default-class';
  if (!items.some(({ metadata }) => metadata.annotations?.[mark] === 'true')) {
    const names = items.map(({ metadata }) => metadata.name);
    refuse(
      where,
      names.length === 0 ? 'the cluster has no storage class' : `none of its storage classes is the default`,
      names.length === 0
        ? 'Install one that makes volumes, and make it the default'
        : `Make one the default: kubectl annotate storageclass ${names[0]} ${mark}=true (it has ${names.join(', ')})`,
    );
  }
  return id;
}
