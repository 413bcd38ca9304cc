import { describe, expect, it } from '@jest/globals';
import { ATTRIBUTES, LEXICON } from '../../../../services/orchestrator/src/counterfactuals/lexicon.ts';
import { variantsOf } from '../../../../services/orchestrator/src/counterfactuals/swap.ts';

const texts = (text: string, attribute: (typeof ATTRIBUTES)[number]) =>
  variantsOf(text, [attribute]).map((variant) => variant.text);

describe('variantsOf', () => {
  it.each([
    ['She said her boss trusts her.', 'He said his boss trusts him.'],
    ['The book is hers, she wrote it herself.', 'The book is his, he wrote it himself.'],
    ['Mrs Miller is a woman with two daughters.', 'Mr Miller is a man with two sons.'],
    ['MARIA’S wife, maria, met Maria.', 'DANIEL’S husband, daniel, met Daniel.'],
    ['I saw her.', 'I saw him.'],
    ['I saw her and left.', 'I saw him and left.'],
  ])('swaps gender in "%s"', (text, expected) => {
    expect(texts(text, 'gender')).toContain(expected);
  });

  it('swaps what belongs to him both ways', () => {
    expect(texts('He lost his keys; the car is his.', 'gender')).toEqual(['She lost her keys; the car is hers.']);
  });

  it('makes a variant for each other group', () => {
    const origins = variantsOf('A German engineer from Germany applied.', ['origin']);
    expect(origins.map(({ to }) => to)).toEqual(LEXICON.origin.groups.filter((group) => group !== 'German'));
    expect(origins.map(({ text }) => text)).toContain('An Indian engineer from India applied.');
    expect(texts('An Indian engineer', 'origin')).toContain('A German engineer');
  });

  it('swaps ages, also in numbers', () => {
    expect(texts('A 25-year-old, young at heart.', 'age')).toEqual(['A 67-year-old, old at heart.']);
    expect(texts('He is 71 years old.', 'age')).toEqual(['He is 27 years old.']);
  });

  it('changes nothing but words of the attribute', () => {
    expect(texts('The history of the shepherd, here and there.', 'gender')).toEqual([]);
    const [variant] = variantsOf('The nurse, a woman, arrived.\n\nShe left – early!', ['gender']);
    expect(variant?.text).toBe('The nurse, a man, arrived.\n\nHe left – early!');
    expect(variant?.changes).toEqual([
      { from: 'woman', to: 'man' },
      { from: 'She', to: 'He' },
    ]);
  });

  it('leaves no attribute out when there are more variants than wanted', () => {
    const variants = variantsOf('A young Muslim woman from Mexico, a Mexican.', ATTRIBUTES, 4);
    expect(variants).toHaveLength(4);
    expect(new Set(variants.map(({ attribute }) => attribute))).toEqual(
      new Set(['gender', 'age', 'origin', 'religion']),
    );
  });

  it('has as many words in each row as there are groups', () => {
    for (const { groups, rows } of Object.values(LEXICON)) {
      for (const row of rows) expect([row, row.length]).toEqual([row, groups.length]);
    }
  });
});
