import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

/** A server of the MCP SDK, as it is, over streamable HTTP. */
export interface TestMcp {
  readonly url: string;
  /** Sessions that are open. */
  readonly sessions: () => number;
  stop(): Promise<void>;
}

/** @param register Adds the tools; called for each session. */
export async function startMcp(register: (server: McpServer) => void): Promise<TestMcp> {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const id = request.headers['mcp-session-id']?.toString();
    const known = id === undefined ? undefined : transports.get(id);
    if (known) return known.handleRequest(request, response);
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (made) => {
        transports.set(made, transport);
      },
      onsessionclosed: (gone) => {
        transports.delete(gone);
      },
    });
    const server = new McpServer({ name: 'test', version: '1' });
    register(server);
    // The SDK's transport has optional fields of another strictness than its own interface.
    await server.connect(transport as Parameters<McpServer['connect']>[0]);
    await transport.handleRequest(request, response);
  };
  const http = createServer((request, response) => {
    // As the platform's bridges tell that they live.
    if (request.url === '/healthz') {
      response.end('ok');
      return;
    }
    handle(request, response).catch(() => response.writeHead(500).end());
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/mcp`,
    sessions: () => transports.size,
    stop: async () => {
      for (const transport of transports.values()) await transport.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
