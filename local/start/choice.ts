import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { nodeName } from '../cluster/layout.ts';
import { type Paths, withState } from '../paths.ts';

/** A cluster that exists already, or that kind makes. */
interface OwnCluster {
  /** The file that pulumi and kubectl read; absolute. */
  readonly kubeconfig: string;
  readonly context: string;
  /** Registry and prefix of the platform's images. @default - none: images are built here and loaded into the cluster */
  readonly registry?: string;
  /**
   * Identity of the cluster that last answered under this context: what is kept of it lies apart from what is kept of others, so
   * that a cluster which was made anew is not taken for the old one. @default - none has answered yet
   */
  readonly id?: string;
}

export interface KubeconfigChoice extends OwnCluster {
  readonly kind: 'kubeconfig';
  /** Shell command that takes an archive of images from its standard input. */
  readonly loadImages?: string;
}

export interface KindChoice extends OwnCluster {
  readonly kind: 'kind';
  readonly name: string;
}

/** The cluster that the platform runs on, as `npm start` remembers it. */
export type Choice = { readonly kind: 'embedded' } | KubeconfigChoice | KindChoice;

/** One that is not the embedded one. */
export type OwnChoice = KubeconfigChoice | KindChoice;

const fileOf = (state: string): string => path.join(state, 'cluster.json');

/** The remembered choice; the embedded cluster without one. */
export function readChoice(paths: Paths): Choice {
  const file = fileOf(paths.state);
  if (!existsSync(file)) return { kind: 'embedded' };
  // Written by writeChoice() alone, in one piece.
  return JSON.parse(readFileSync(file, 'utf8')) as Choice;
}

export function writeChoice(paths: Paths, choice: Choice): void {
  mkdirSync(paths.state, { recursive: true, mode: 0o700 });
  const file = fileOf(paths.state);
  const draft = `${file}.${process.pid}`;
  // The command that loads images may hold a password.
  writeFileSync(draft, JSON.stringify(choice, undefined, 2), { mode: 0o600 });
  renameSync(draft, file);
}

/**
 * Where things lie for the chosen cluster: a cluster of the person's own has its own folder of state, with Pulumi's record of it and its
 * secrets, so that going from one cluster to another and back mixes nothing up.
 */
export function pathsFor(paths: Paths, choice: Choice): Paths {
  if (choice.kind === 'embedded') return paths;
  const folder = path.join(paths.state, 'own-clusters', choice.id ?? 'unknown');
  return { ...withState(paths, folder), kubeconfig: choice.kubeconfig };
}

/** Where things lie for the cluster that the last start chose. */
export function chosenPaths(paths: Paths): Paths {
  return pathsFor(paths, readChoice(paths));
}

/** Context of the kubeconfig. */
export function contextOf(choice: Choice): string {
  return choice.kind === 'embedded' ? nodeName : choice.context;
}

/** What a person calls the cluster. */
export function titleOf(choice: Choice): string {
  if (choice.kind === 'embedded') return 'the embedded cluster';
  if (choice.kind === 'kind') return `the kind cluster "${choice.name}"`;
  return `the cluster of context "${choice.context}" in ${choice.kubeconfig}`;
}
