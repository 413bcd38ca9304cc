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

/** Asks the cluster, and takes its silence for the person's business. */
async function ask(at: Kubectl, args: readonly string[]): Promise<string> {
  const context = at.context ?? '';
  try {
    return await kubectl(at, [...args, '--request-timeout=10s']);
  } catch (error) {
    return refuse(
      describe(at),
      `the cluster at ${serverOf(at.kubeconfig, context) ?? 'no address'} refuses or does not answer (${reasonOf(error)})`,
      'Start the cluster or correct the file, or choose another context with --context',
    );
  }
}

const describe = ({ context = '', kubeconfig }: Kubectl): string => `context "${context}" in ${kubeconfig}`;

/**
 * Identity of the cluster, which a cluster that is made anew under the same name changes.
 *
 * @throws Failure when it does not answer
 */
export async function identifyCluster(at: Kubectl): Promise<string> {
  // The namespace lives as long as the cluster.
  return ask(at, ['get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}']);
}

/** @throws Failure when the cluster has no default storage class: the platform's volumes would wait for ever */
export async function checkStorage(at: Kubectl): Promise<void> {
  // What the API server sends for a list of storage classes.
  const { items } = JSON.parse(await ask(at, ['get', 'storageclasses', '-o', 'json'])) as {
    items: readonly {
      readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
    }[];
  };
  const mark = 'storageclass.kubernetes.io/is-default-class';
  if (items.some(({ metadata }) => metadata.annotations?.[mark] === 'true')) return;
  const names = items.map(({ metadata }) => metadata.name);
  if (names.length === 0) {
    refuse(describe(at), 'the cluster has no storage class', 'Install one that makes volumes, and make it the default');
  }
  refuse(
    describe(at),
    `none of its storage classes (${names.join(', ')}) is the default`,
    `Make one the default: kubectl --context ${at.context} annotate storageclass ${names[0]} ${mark}=true`,
  );
}
