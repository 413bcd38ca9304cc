import {
  at,
  isObject,
  type JsonObject,
  type Manifest,
  objectsAt,
  podLabelsOf,
  podSpecOf,
} from '../../constructs/bridge/manifest.ts';

/** A pod as network policies see it. */
export interface PodIdentity {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Side = 'ingress' | 'egress';

/**
 * Answers what a cluster would let through, from NetworkPolicy objects alone: traffic passes when the source's egress and
 * the target's ingress both allow it, and a pod that no policy selects for a direction is open in it.
 */
export class Reachability {
  readonly #policies: readonly Manifest[];

  constructor(manifests: readonly Manifest[]) {
    this.#policies = manifests.filter((manifest) => manifest.kind === 'NetworkPolicy');
  }

  allows(source: PodIdentity, target: PodIdentity, port: number, protocol: 'TCP' | 'UDP'): boolean {
    return (
      this.#side('egress', source, target, port, protocol) && this.#side('ingress', target, source, port, protocol)
    );
  }

  /** Whether a pod may reach an address outside the cluster. */
  allowsAddress(source: PodIdentity, address: string, port: number, protocol: 'TCP' | 'UDP'): boolean {
    return this.#side('egress', source, address, port, protocol);
  }

  /** Whether an address outside the cluster may reach a pod. */
  allowsFromAddress(address: string, target: PodIdentity, port: number, protocol: 'TCP' | 'UDP'): boolean {
    return this.#side('ingress', target, address, port, protocol);
  }

  #side(side: Side, pod: PodIdentity, peer: PodIdentity | string, port: number, protocol: string): boolean {
    const kind = side === 'ingress' ? 'Ingress' : 'Egress';
    const selecting = this.#policies.filter((policy) => {
      const types = at(policy, 'spec', 'policyTypes');
      return (
        policy.metadata.namespace === pod.namespace &&
        Array.isArray(types) &&
        types.includes(kind) &&
        selects(at(policy, 'spec', 'podSelector'), pod.labels)
      );
    });
    if (selecting.length === 0) return true;
    return selecting.some((policy) =>
      objectsAt(policy, 'spec', side).some(
        (rule) =>
          matchesPort(rule, port, protocol) && matchesPeer(rule, side === 'ingress' ? 'from' : 'to', policy, peer),
      ),
    );
  }
}

/** The pods that workloads make, one per workload. */
export function podsOf(manifests: readonly Manifest[]): PodIdentity[] {
  return manifests
    .filter((manifest) => podSpecOf(manifest) !== undefined)
    .map((manifest) => ({
      name: String(manifest.metadata.name),
      namespace: String(manifest.metadata.namespace),
      labels: Object.fromEntries(
        Object.entries(podLabelsOf(manifest) ?? {}).map(([key, value]) => [key, String(value)]),
      ),
    }));
}

// An absent or empty list means all, in rules as in selectors: that is what makes them dangerous.
function matchesPort(rule: JsonObject, port: number, protocol: string): boolean {
  const ports = objectsAt(rule, 'ports');
  return (
    ports.length === 0 ||
    ports.some((each) => (each.port === undefined || each.port === port) && (each.protocol ?? 'TCP') === protocol)
  );
}

function matchesPeer(rule: JsonObject, list: 'from' | 'to', policy: Manifest, peer: PodIdentity | string): boolean {
  const peers = objectsAt(rule, list);
  return (
    peers.length === 0 ||
    peers.some((each) => {
      const block = at(each, 'ipBlock');
      if (typeof peer === 'string') return isObject(block) && inBlock(peer, block);
      if (isObject(block)) return false;
      const namespaces = at(each, 'namespaceSelector');
      const inNamespace =
        namespaces === undefined
          ? peer.namespace === policy.metadata.namespace
          : selects(namespaces, { 'kubernetes.io/metadata.name': peer.namespace });
      return inNamespace && selects(at(each, 'podSelector') ?? {}, peer.labels);
    })
  );
}

function selects(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const wanted = selector as { matchLabels?: Record<string, string>; matchExpressions?: unknown } | undefined; // a label selector
  if (wanted?.matchExpressions !== undefined) throw new Error('the evaluator does not know matchExpressions');
  return Object.entries(wanted?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

function inBlock(address: string, block: JsonObject): boolean {
  const except = block.except;
  const excepted = Array.isArray(except) && except.some((cidr) => contains(String(cidr), address));
  return contains(String(block.cidr), address) && !excepted;
}

function contains(cidr: string, address: string): boolean {
  const [network = '', bits = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  return Math.floor(toNumber(network) / size) === Math.floor(toNumber(address) / size);
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
