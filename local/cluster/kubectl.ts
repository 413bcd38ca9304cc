import { execa } from 'execa';

/** How to reach one cluster with kubectl. */
export interface Kubectl {
  /** Path of the program. */
  readonly program: string;
  readonly kubeconfig: string;
  /** @default - the file's current context */
  readonly context?: string;
}

/** The arguments that every call needs. */
export function connectionArgs({ kubeconfig, context }: Kubectl): readonly string[] {
  return ['--kubeconfig', kubeconfig, ...(context === undefined ? [] : ['--context', context])];
}

/**
 * Runs kubectl and gives its output.
 *
 * @throws Error with kubectl's own message.
 */
export async function kubectl(at: Kubectl, args: readonly string[], input?: string): Promise<string> {
  const result = await execa(at.program, [...connectionArgs(at), ...args], {
    reject: false,
    ...(input === undefined ? {} : { input }),
  });
  if (result.exitCode !== 0) {
    throw new Error(`kubectl ${args.slice(0, 3).join(' ')}: ${result.stderr.trim() || `exit code ${result.exitCode}`}`);
  }
  return result.stdout;
}

/** Applies manifests on the server's side, so that a second time changes nothing. */
export async function apply(at: Kubectl, manifests: string): Promise<void> {
  await kubectl(at, ['apply', '--server-side', '--force-conflicts', '--field-manager=keelson', '-f', '-'], manifests);
}
