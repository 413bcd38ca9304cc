import { request } from 'undici';
import { AppError } from '../errors/app-error.ts';

/** Resolves when the MCP server with this endpoint answers at /healthz of the same address. */
export async function checkMcp(endpoint: string, signal: AbortSignal): Promise<void> {
  const answer = await request(new URL('/healthz', endpoint), { method: 'GET', signal });
  await answer.body.dump();
  if (answer.statusCode >= 300) {
    throw new AppError('dependency_unavailable', { message: `The MCP server answered ${answer.statusCode}.` });
  }
}
