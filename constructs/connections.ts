import { Construct } from 'constructs';
import type { Peer } from './network-policy.ts';
import { type Port, type Protocol, urlOf, wireProtocol } from './ports.ts';
import { type Problem, problem } from './problem.ts';
import type { Connectable, Workload } from './workload.ts';

/** How a connection shows at its source. */
export interface ConnectionOptions {
  /**
   * Name of the variable with the URL, or `false` for none. What the port's credentials hold for clients goes by the same
   * name, with its own ending in place of `_URL`. @default - `<TARGET>_URL`, in upper case with underscores
   */
  readonly env?: string | false;
  /** Whether the source starts after the target. @default true */
  readonly order?: boolean;
}

/** One declared connection. */
export interface Edge {
  readonly source: Workload;
  readonly target: Workload;
  readonly port: string;
  readonly number: number;
  readonly protocol: Protocol;
  readonly order: boolean;
}

/** Where traffic from or to outside the platform comes from or goes to. */
export type Outside = { readonly cidr: string; readonly except?: readonly string[] } | { readonly namespace: string };

/**
 * The declared connections of a platform. One declaration opens the network policies of both sides, gives the source the
 * target's URL and credentials, and makes the target start first.
 */
export class Connections extends Construct {
  readonly #edges: Edge[] = [];
  readonly #problems: Problem[] = [];

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.node.addValidation({ validate: () => this.#problems.map(problem) });
  }

  /** All connections between workloads, as declared; each once. */
  get edges(): readonly Edge[] {
    return [...this.#edges];
  }

  /** Lets `source` reach one port of `target`. */
  connect<P extends string>(
    source: Connectable,
    target: Connectable<P>,
    port: NoInfer<P>,
    options: ConnectionOptions = {},
  ): void {
    const from = source.workload;
    const to: Workload<P> = target.workload;
    const declared: Port | undefined = (to.ports as Readonly<Record<string, Port>>)[port]; // platform data may name any port
    if (declared === undefined) {
      this.#problems.push({
        path: `${from.name} -> ${to.name}.ports`,
        value: port,
        cure: `"${to.name}" has ${Object.keys(to.ports).join(', ')}`,
      });
      return;
    }
    const order = this.#record(from, to, port, declared, options.order ?? true);
    this.#open(from, to, declared);
    if (order) from.controller.addDependency(to.controller);
    if (options.env !== false) this.#hand(from, to, declared, options.env ?? variableFor(to.name));
  }

  /** Lets `scraper` read the metrics of `target`: neither order nor variables follow. */
  scrape(scraper: Connectable, target: Connectable): void {
    const to = target.workload;
    for (const [name, port] of Object.entries<Port>(to.ports)) {
      if (port.metrics !== undefined) this.connect(scraper, to, name, { env: false, order: false });
    }
  }

  /** Lets `source` reach an address outside the platform. */
  toOutside(source: Connectable, to: Outside, port: number, protocol: Protocol = 'tcp'): void {
    source.workload.allow({ direction: 'egress', peer: outsidePeer(to), port, protocol: wireProtocol({ protocol }) });
  }

  /** Lets something outside the platform reach one port of `target`: a gateway's namespace, a node's address range. */
  fromOutside<P extends string>(from: Outside, target: Connectable<P>, port: NoInfer<P>): void {
    const to = target.workload;
    const declared: Port | undefined = (to.ports as Readonly<Record<string, Port>>)[port]; // as above
    if (declared === undefined) {
      this.#problems.push({
        path: `outside -> ${to.name}.ports`,
        value: port,
        cure: `"${to.name}" has ${Object.keys(to.ports).join(', ')}`,
      });
      return;
    }
    to.allow({
      direction: 'ingress',
      peer: outsidePeer(from),
      port: declared.number,
      protocol: wireProtocol(declared),
    });
  }

  /** Keeps the edge; says whether the source now has to start after the target. */
  #record(source: Workload, target: Workload, port: string, declared: Port, order: boolean): boolean {
    const index = this.#edges.findIndex(
      (edge) => edge.source === source && edge.target === target && edge.port === port,
    );
    const known = this.#edges[index];
    if (known && (known.order || !order)) return false;
    const cycle = order ? this.#route(target, source) : undefined;
    const edge = {
      source,
      target,
      port,
      number: declared.number,
      protocol: declared.protocol ?? 'tcp',
      order: order && cycle === undefined,
    };
    // A second declaration may add the order that the first did without.
    if (known) this.#edges[index] = edge;
    else this.#edges.push(edge);
    if (cycle === undefined) return order;
    this.#problems.push({
      path: `${source.name} -> ${target.name}`,
      value: [source.name, ...cycle.map(({ name }) => name)].join(' -> '),
      cure: 'each would wait for the other; declare one of these connections with `order: false`',
    });
    return false;
  }

  /** Workloads from one to another along ordered connections. */
  #route(from: Workload, to: Workload, seen = new Set<Workload>()): Workload[] | undefined {
    if (from === to) return [from];
    seen.add(from);
    for (const edge of this.#edges) {
      if (!edge.order || edge.source !== from || seen.has(edge.target)) continue;
      const rest = this.#route(edge.target, to, seen);
      if (rest) return [from, ...rest];
    }
    return undefined;
  }

  #open(from: Workload, to: Workload, port: Port): void {
    const wire = { port: port.number, protocol: wireProtocol(port) };
    from.allow({ direction: 'egress', peer: podsOf(to), ...wire });
    to.allow({ direction: 'ingress', peer: podsOf(from), ...wire });
  }

  #hand(from: Workload, to: Workload, port: Port, variable: string): void {
    from.setEnv(variable, urlOf(to.hostFor(from), port));
    const prefix = variable.replace(/_URL$/, '');
    for (const [suffix, fact] of Object.entries(port.facts ?? {})) from.setEnv(`${prefix}_${suffix}`, fact);
    if (port.credentials === undefined) return;
    const id = `${to.name}-credentials`;
    const credentials =
      from.namespace === to.namespace
        ? port.credentials
        : ((from.node.tryFindChild(id) as typeof port.credentials | undefined) ?? port.credentials.copyTo(from, id)); // made here, under this id
    for (const [suffix, key] of Object.entries(credentials.forClients)) {
      from.setEnv(`${prefix}_${suffix}`, credentials.env(key));
    }
  }
}

/** `mcp-git` gives `MCP_GIT_URL`. */
function variableFor(name: string): string {
  return `${name.toUpperCase().replaceAll('-', '_')}_URL`;
}

function podsOf(workload: Workload): Peer {
  return { kind: 'pods', namespace: workload.namespace.name, labels: workload.podLabels };
}

function outsidePeer(outside: Outside): Peer {
  return 'cidr' in outside ? { kind: 'cidr', ...outside } : { kind: 'namespace', ...outside };
}
