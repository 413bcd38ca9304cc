/** The other side of a flow. */
export type Peer =
  | { readonly kind: 'pods'; readonly namespace: string; readonly labels: Readonly<Record<string, string>> }
  | { readonly kind: 'namespace'; readonly namespace: string }
  | { readonly kind: 'cidr'; readonly cidr: string; readonly except?: readonly string[] };

/** Traffic that one policy lets through. */
export interface Flow {
  readonly direction: 'ingress' | 'egress';
  readonly peer: Peer;
  readonly port: number;
  /** Last port of a range that begins with `port`. @default - that port alone */
  readonly endPort?: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** Specification of the NetworkPolicy of one workload. No flow means that the default deny stands. */
export function policySpec(pods: Readonly<Record<string, string>>, namespace: string, flows: readonly Flow[]): object {
  return {
    podSelector: { matchLabels: pods },
    policyTypes: ['Ingress', 'Egress'],
    ingress: rules(namespace, flows, 'ingress').map(({ peer, ports }) => ({ from: [peer], ports })),
    egress: rules(namespace, flows, 'egress').map(({ peer, ports }) => ({ to: [peer], ports })),
  };
}

/** One rule per peer, in an order that does not depend on the order of declarations. */
function rules(namespace: string, flows: readonly Flow[], direction: Flow['direction']) {
  const byPeer = new Map<string, { peer: object; ports: { port: number; endPort?: number; protocol: string }[] }>();
  for (const flow of flows.filter((candidate) => candidate.direction === direction)) {
    const peer = peerOf(flow.peer, namespace);
    const key = JSON.stringify(peer);
    const rule = byPeer.get(key) ?? { peer, ports: [] };
    const { port, endPort, protocol } = flow;
    if (!rule.ports.some((known) => known.port === port && known.endPort === endPort && known.protocol === protocol)) {
      rule.ports.push({ port, ...(endPort !== undefined && { endPort }), protocol });
    }
    byPeer.set(key, rule);
  }
  return [...byPeer.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { peer, ports }]) => ({
      peer,
      ports: ports.sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1)),
    }));
}

function peerOf(peer: Peer, namespace: string): object {
  switch (peer.kind) {
    case 'pods':
      return {
        ...(peer.namespace !== namespace && namespaceSelector(peer.namespace)),
        podSelector: { matchLabels: peer.labels },
      };
    case 'namespace':
      return namespaceSelector(peer.namespace);
    case 'cidr':
      return { ipBlock: { cidr: peer.cidr, ...(peer.except?.length && { except: [...peer.except] }) } };
  }
}

function namespaceSelector(name: string): object {
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } };
}
