import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerProbe, type Known } from './probe.ts';

/**
 * Answers `/health/live` and `/health/ready`.
 *
 * @param known What is known now of who is probed.
 * @returns the port on which it listens
 * @throws what kept it from listening
 */
export async function serveProbes(
  { port, host }: { readonly port: number; readonly host: string },
  known: () => Known,
): Promise<number> {
  const server = createServer((request, response) => {
    const { status, body } = answerProbe(request.url?.split('?', 1)[0] ?? '', known());
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
  });
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port; // It listens on TCP.
}
