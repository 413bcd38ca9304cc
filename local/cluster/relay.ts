/**
 * Carries connections from the host's loopback into the node's network. The listening sockets were opened on the host and are
 * handed over by the parent, so this process accepts there what it then connects here. It runs in the node's process and
 * network namespaces and ends with them.
 */
import { Resolver } from 'node:dns/promises';
import { connect, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';

/** Message of the parent that comes with each listening socket. */
export interface RelayTarget {
  /** An address, or a cluster DNS name, which is looked up at each connection. */
  readonly host: string;
  readonly port: number;
  /** Address of the cluster's DNS. */
  readonly dns: string;
}

async function addressOf({ host, dns }: RelayTarget): Promise<string> {
  if (/^[\d.]+$/.test(host)) return host;
  const resolver = new Resolver({ timeout: 500, tries: 2 });
  resolver.setServers([dns]);
  const [address] = await resolver.resolve4(host);
  if (address === undefined) throw new Error(`${host} has no address`);
  return address;
}

async function carry(client: Socket, target: RelayTarget): Promise<void> {
  // The client may leave while the name is looked up.
  client.on('error', () => client.destroy());
  try {
    const upstream = connect({ host: await addressOf(target), port: target.port, noDelay: true });
    client.setNoDelay(true);
    pipeline(client, upstream, () => upstream.destroy());
    pipeline(upstream, client, () => client.destroy());
  } catch {
    client.destroy();
  }
}

process.on('message', (target: RelayTarget, server: Server) => {
  server.on('connection', (client: Socket) => void carry(client, target));
  process.send?.('serving');
});
process.on('disconnect', () => undefined);
process.send?.('ready');
