import type { ProviderModel } from '../../constructs/index.ts';
import type { ProviderSpec } from './platform.ts';

/** A model of a provider outside, as its maker offers it. */
interface Offer {
  readonly url: string;
  readonly kind: 'openai-compatible' | 'anthropic';
  /** The maker's name for it. */
  readonly upstream: string;
  /** List price, in US dollars for a million tokens. Look it up again when you look here. */
  readonly price: NonNullable<ProviderModel['price']>;
  readonly dropParameters?: readonly string[];
}

/** What providers ask for, as found in November 2026. Makers change prices, and take models back, within weeks. */
const offers = {
  // https://docs.fireworks.ai/serverless/pricing, gpt-oss-120b, 2026-11
  fireworks: {
    url: 'https://api.fireworks.ai/inference/v1',
    kind: 'openai-compatible',
    upstream: 'accounts/fireworks/models/gpt-oss-120b',
    price: { input: 0.15, output: 0.6 },
  },
  // https://docs.together.ai/docs/serverless-models, gpt-oss-120b, 2026-11
  together: {
    url: 'https://api.together.xyz/v1',
    kind: 'openai-compatible',
    upstream: 'openai/gpt-oss-120b',
    price: { input: 0.15, output: 0.6 },
  },
  // https://docs.claude.com/en/docs/about-claude/pricing, Claude Opus 5.5, since 2026-09-22
  anthropic: {
    url: 'https://api.anthropic.com/v1',
    kind: 'anthropic',
    upstream: 'claude-opus-5-5',
    price: { input: 4, cachedInput: 0.2, output: 20 },
  },
  // https://developers.openai.com/api/docs/models/gpt-6.1-sol, up to 272,000 tokens of input, since 2026-09-30. It takes no temperature.
  openai: {
    url: 'https://api.openai.com/v1',
    kind: 'openai-compatible',
    upstream: 'gpt-6.1-sol',
    price: { input: 2, cachedInput: 0.1, output: 10 },
    dropParameters: ['temperature', 'top_p'],
  },
} as const satisfies Readonly<Record<string, Offer>>;

/** How a platform uses an offer. */
interface Use {
  readonly name: string;
  readonly tier: ProviderSpec['tier'];
  /** Names by which callers ask for the model. */
  readonly names: readonly string[];
  /** @default - none words answers */
  readonly answerModel?: string;
  readonly key: NonNullable<ProviderSpec['key']>;
}

/** A provider outside, wherever the cluster has a way there. */
export function outside(offer: keyof typeof offers, { names, ...use }: Use): ProviderSpec {
  const { url, upstream, price, ...rest }: Offer = offers[offer];
  return {
    ...rest,
    ...use,
    where: { has: 'internet' },
    models: names.map((name) => ({ name, upstream, price })),
    at: { url },
  };
}
