/** A tool of one MCP server, under the name that the model knows it by. */
export interface Tool {
  /** `server__tool`: unique over all servers, and in the characters that every provider takes. */
  readonly name: string;
  readonly server: string;
  /** Its name at the server. */
  readonly tool: string;
  readonly description: string;
  /** JSON schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The server says that it changes nothing. What says nothing may change something. */
  readonly readOnly: boolean;
}

export interface ToolResult {
  readonly text: string;
  readonly isError: boolean;
}

/** The tools of one run. */
export interface Toolbox {
  readonly tools: readonly Tool[];
  /** Servers that could not be asked, with the reason. */
  readonly unavailable: readonly { readonly server: string; readonly reason: string }[];
  /** What a tool says went wrong, and what keeps it from answering, are results: the model can make something of both. */
  call(tool: Tool, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<ToolResult>;
  close(): Promise<void>;
}

/** Opens the tools of servers; `undefined` stands for all that are configured. */
export type OpenToolbox = (servers: readonly string[] | undefined, signal: AbortSignal) => Promise<Toolbox>;

/** @returns `server__tool`, at most 64 characters of letters, digits, underscores and dashes */
export function toolName(server: string, tool: string): string {
  const plain = (text: string) => text.replace(/[^a-zA-Z0-9_-]/g, '_');
  return `${plain(server)}__${plain(tool)}`.slice(0, 64);
}
