/** The provider `cloud` before an upstream, with the model `small`. A dollar for each token of its answers, and nothing for the prompt. */
export function meteredProvider(upstreamUrl: string) {
  return {
    name: 'cloud',
    kind: 'openai-compatible',
    baseUrl: `${upstreamUrl}/v1`,
    tier: 1,
    models: [{ name: 'small', price: { input: 0, output: 1_000_000 } }],
  };
}
