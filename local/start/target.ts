import type { Kubectl } from '../cluster/kubectl.ts';
import type { Relay } from '../cluster/relays.ts';
import type { BuiltImage } from '../images/index.ts';
import type { Paths } from '../paths.ts';
import type { Choice } from './choice.ts';
import type { PlatformParts } from './parts.ts';

/** Tells what a step does just now. */
export type Update = (detail: string) => void;

/** A cluster that the platform runs on. Each step can be taken again and then only does what is missing. */
export interface ClusterTarget {
  /** What is to be remembered of it. Complete after {@link prepare}. */
  readonly choice: Choice;
  /** Where things of this cluster lie, its kubeconfig among them. Complete after {@link prepare}. */
  readonly paths: Paths;
  /** Usable after {@link prepare}. */
  readonly kubectl: Kubectl;
  readonly kubeContext: string;
  /** Whether all that runs in it is ours, so that all of it is waited for. */
  readonly isOurs: boolean;
  /** Ports that lead to the cluster itself, before those that lead to the platform. */
  readonly relays: readonly Relay[];
  /** The ports of the last start. */
  lastRelays(): readonly Relay[];
  /** Address of the API server from this machine. */
  address(relays: readonly Relay[]): string;
  /**
   * Starts to make what the platform needs on this cluster, and finds out whether the cluster can be used.
   *
   * @throws Failure when it cannot
   */
  prepare(): Promise<PlatformParts>;
  /** Makes the cluster run and answer. */
  start(relays: readonly Relay[], update: Update): Promise<void>;
  /** Makes the cluster have the images. */
  importImages(images: readonly BuiltImage[]): Promise<void>;
  /** Forgets images that nothing runs from any more, now that everything runs from these. */
  pruneImages(images: readonly BuiltImage[]): Promise<void>;
  /** Makes the ports lead into the platform, which runs. */
  relay(relays: readonly Relay[]): Promise<void>;
  /** Ends what the start made run on this machine. The data stays. */
  stop(): Promise<void>;
  /** Ends all of it and removes the data of the platform. */
  remove(): Promise<void>;
}
