import { multiAgentRag } from './multi-agent-rag.ts';
import type { Platform } from './platform.ts';

/** Name of a platform: the part of a stack's name before the dot. */
export type PlatformName = 'multi-agent-rag';

/** All platforms by name. */
export const platforms: Readonly<Record<PlatformName, Platform>> = { 'multi-agent-rag': multiAgentRag };

/** Whether a text names a platform. */
export function isPlatformName(text: string): text is PlatformName {
  return Object.hasOwn(platforms, text);
}
