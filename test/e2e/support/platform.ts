import { execa } from 'execa';
import { kubectl } from '../../../local/cluster/kubectl.ts';
import { clusterLayout } from '../../../local/cluster/layout.ts';
import { resolvePaths } from '../../../local/paths.ts';
import { findTools } from '../../../local/toolchain/index.ts';

/** Ports of the host that the tests' platform uses, apart from those of a platform that a person may have running. */
export const ports = { kubernetes: 26443, orchestrator: 28000, prometheus: 29090, alertmanager: 29093 } as const;

export const namespace = 'multi-agent-rag';

/** Folder of the state of the tests' own platform; the set-up of the suite makes it. */
export const state = (): string => {
  const folder = process.env.KEELSON_E2E_STATE;
  if (folder === undefined) throw new Error('KEELSON_E2E_STATE is not set: run the suite with npm test');
  return folder;
};

export const paths = () => resolvePaths({ ...process.env, KEELSON_STATE: state() });

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** Both streams, as a person sees them. */
  readonly all: string;
}

/** Runs a command of the project as a person does, on the tests' platform. */
export async function keelson(...args: readonly string[]): Promise<CommandResult> {
  const [command = '', ...rest] = args;
  const result = await execa('npm', ['run', '--silent', command, '--', ...rest], {
    env: { KEELSON_STATE: state(), NODE_OPTIONS: '' },
    reject: false,
    all: true,
    stdin: 'ignore',
  });
  return { exitCode: result.exitCode ?? 1, stdout: result.stdout, all: result.all };
}

/** `npm start` on the tests' platform. */
export const start = (...args: readonly string[]): Promise<CommandResult> =>
  keelson('start', ...Object.entries(ports).flatMap(([name, port]) => ['--port', `${name}=${port}`]), ...args);

/** kubectl on the tests' platform, as administrator. */
export async function kube(args: readonly string[], input?: string): Promise<string> {
  const tools = await findTools(paths());
  const program = `${tools.binDir}/kubectl`;
  return kubectl({ program, kubeconfig: clusterLayout(state()).kubeconfig }, args, input);
}

/** Runs Pulumi's own CLI with the environment that `npm run env` prints. */
export async function pulumi(...args: readonly string[]): Promise<CommandResult> {
  const script = `eval "$(npm run --silent env)" && exec pulumi "$@" --non-interactive --color never`;
  const result = await execa('bash', ['-c', script, 'pulumi', ...args], {
    env: { KEELSON_STATE: state(), NODE_OPTIONS: '' },
    reject: false,
    all: true,
    stdin: 'ignore',
  });
  return { exitCode: result.exitCode ?? 1, stdout: result.stdout, all: result.all };
}
