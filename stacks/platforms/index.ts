import { counterfactualLab } from './counterfactual-lab.ts';
import { multiAgentRag } from './multi-agent-rag.ts';
import type { Platform } from './platform.ts';
import { qratum } from './qratum.ts';
import { quantumRerank } from './quantum-rerank.ts';
import { threeVersion } from './three-version.ts';

/** Name of a platform: the part of a stack's name before the dot. */
export type PlatformName = 'multi-agent-rag' | 'qratum' | 'counterfactual-lab' | 'quantum-rerank' | 'three-version';

/** All platforms by name. */
export const platforms: Readonly<Record<PlatformName, Platform>> = {
  'multi-agent-rag': multiAgentRag,
  qratum,
  'counterfactual-lab': counterfactualLab,
  'quantum-rerank': quantumRerank,
  'three-version': threeVersion,
};

/** Whether a text names a platform. */
export function isPlatformName(text: string): text is PlatformName {
  return Object.hasOwn(platforms, text);
}
