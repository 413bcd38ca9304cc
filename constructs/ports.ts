import type { Credentials } from './credentials.ts';

/** Transport of a port. */
export type Protocol = 'tcp' | 'udp';

/** A port that a workload listens on. */
export interface Port {
  /** Number inside the pod and on the service. */
  readonly number: number;
  /** More numbers of the service that lead to it, for clients that expect another one, by name. @default - none */
  readonly aliases?: Readonly<Record<string, number>>;
  /** @default 'tcp' */
  readonly protocol?: Protocol;
  /** Scheme of the URL that a connection hands to its source. @default 'http' */
  readonly scheme?: string;
  /** Path of that URL, with its leading slash. @default - none */
  readonly path?: string;
  /** Path where Prometheus finds metrics on this port. @default - the port has no metrics */
  readonly metrics?: string;
  /** Key of the port's credentials that whoever reads the metrics has to show, as a bearer token. @default - nobody asks */
  readonly metricsToken?: string;
  /** What a client needs besides the URL; a connection hands it over with the URL. @default - none */
  readonly credentials?: Credentials;
  /** More that a client has to know: suffix of the variable to value, beside the URL. @default - none */
  readonly facts?: Readonly<Record<string, string>>;
}

/** The address that other workloads use. */
export function urlOf(host: string, port: Port): string {
  return `${port.scheme ?? 'http'}://${host}:${port.number}${port.path ?? ''}`;
}

/** Port protocol as Kubernetes spells it. */
export function wireProtocol(port: Pick<Port, 'protocol'>): 'TCP' | 'UDP' {
  return port.protocol === 'udp' ? 'UDP' : 'TCP';
}
