import type { ModelConfig } from '../providers/config.ts';
import type { Price } from './call.ts';

const prices = new WeakMap<ModelConfig, Price>();

/** The configured price (US dollars for a million tokens) in nano US dollars for one. */
export function priceOf(model: ModelConfig): Price {
  let price = prices.get(model);
  if (!price) {
    const { input, cachedInput, output } = model.price;
    price = { input: nano(input), cachedInput: nano(cachedInput), output: nano(output) };
    prices.set(model, price);
  }
  return price;
}

/** 1 USD / 1e6 tokens = 1000e-9 USD / token. Rounded where binary fractions would not meet the decimal one. */
function nano(usdPerMillion: number): number {
  return Math.round(usdPerMillion * 1000 * 1e6) / 1e6;
}
