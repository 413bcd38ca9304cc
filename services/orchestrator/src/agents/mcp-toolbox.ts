import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describeError } from '../errors/describe.ts';
import { type Tool, type Toolbox, type ToolResult, toolName } from './tools.ts';

export interface McpOptions {
  /** Servers by name, as URLs of their endpoint. */
  readonly servers: ReadonlyMap<string, string>;
  /** To connect and to list the tools of one server, which may have to start a process for it. @default 15000 */
  readonly connectMs?: number;
  /** For one call. @default 30000 */
  readonly callMs?: number;
  /** Characters of a result; the rest is cut off, and said to be. @default 16384 */
  readonly largestResult?: number;
}

/** Tools of one server at most: a list that has no end must not fill the memory. */
const MOST_TOOLS = 256;

interface Connection {
  readonly server: string;
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
  readonly tools: readonly Tool[];
}

/**
 * Connects to MCP servers over streamable HTTP, each with a session of its own for this run. A server that is not there is
 * left out: the others may be enough.
 */
export async function openMcp(
  options: McpOptions,
  names: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Toolbox> {
  const wanted = [...options.servers].filter(([name]) => names === undefined || names.includes(name));
  const unavailable: { server: string; reason: string }[] = [];
  const opened = await Promise.all(
    wanted.map(async ([server, url]) => {
      try {
        return await connect(server, url, options, signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        unavailable.push({ server, reason: describeError(error) });
        return undefined;
      }
    }),
  );
  const connections = new Map(opened.flatMap((one) => (one ? [[one.server, one] as const] : [])));
  return {
    tools: [...connections.values()].flatMap(({ tools }) => tools),
    unavailable,
    call: async (tool, args, stop) => {
      const connection = connections.get(tool.server);
      if (!connection) return { text: `The server "${tool.server}" is not connected.`, isError: true };
      return call(connection, tool, args, stop, options);
    },
    close: async () => {
      await Promise.all([...connections.values()].map(disconnect));
    },
  };
}

async function connect(server: string, url: string, options: McpOptions, signal: AbortSignal): Promise<Connection> {
  const client = new Client({ name: 'keelson-orchestrator', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(url));
  const timing = { timeout: options.connectMs ?? 15_000, signal };
  try {
    // The SDK's transport has optional fields of another strictness than its own interface.
    await client.connect(transport as Parameters<Client['connect']>[0], timing);
    const tools: Tool[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.listTools(cursor === undefined ? {} : { cursor }, timing);
      for (const { name, description = '', inputSchema, annotations } of page.tools) {
        tools.push({
          name: toolName(server, name),
          server,
          tool: name,
          description,
          parameters: inputSchema,
          readOnly: annotations?.readOnlyHint === true,
        });
      }
      cursor = page.nextCursor;
    } while (cursor !== undefined && tools.length < MOST_TOOLS);
    return { server, client, transport, tools: tools.slice(0, MOST_TOOLS) };
  } catch (error) {
    await client.close().catch(() => undefined);
    throw error;
  }
}

async function call(
  { client }: Connection,
  { tool, name }: Tool,
  args: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
  { callMs = 30_000, largestResult = 16_384 }: McpOptions,
): Promise<ToolResult> {
  try {
    const result = await client.callTool({ name: tool, arguments: { ...args } }, undefined, {
      timeout: callMs,
      maxTotalTimeout: callMs,
      signal,
    });
    const text = textOf(result.content);
    return {
      text: text.length > largestResult ? `${text.slice(0, largestResult)}\n[cut: ${text.length} characters]` : text,
      isError: result.isError === true,
    };
  } catch (error) {
    signal.throwIfAborted();
    return { text: `The tool ${name} did not answer: ${describeError(error)}.`, isError: true };
  }
}

/** What a model can read of a result; pictures and sounds are only named. */
function textOf(content: unknown): string {
  if (!Array.isArray(content)) return '';
  return content
    .map((part: { type?: unknown; text?: unknown; resource?: { text?: unknown; uri?: unknown } }) => {
      if (part.type === 'text') return String(part.text);
      if (part.type === 'resource') return String(part.resource?.text ?? part.resource?.uri ?? '');
      return `[${String(part.type)}]`;
    })
    .join('\n');
}

async function disconnect({ client, transport }: Connection): Promise<void> {
  await transport.terminateSession().catch(() => undefined);
  await client.close().catch(() => undefined);
}
