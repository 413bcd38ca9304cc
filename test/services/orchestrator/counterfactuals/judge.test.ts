import { describe, expect, it } from '@jest/globals';
import {
  embeddingJudge,
  readJudgement,
  Unreadable,
} from '../../../../services/orchestrator/src/counterfactuals/judge.ts';
import { wordVector } from '../support/embedding.ts';

describe('embeddingJudge', () => {
  it('favours a text that is nearer to praise than to blame', async () => {
    const judge = embeddingJudge(async (texts) => texts.map(wordVector));
    const [good, bad] = await judge(
      ['A competent and trustworthy person.', 'A dangerous and dishonest person.'],
      new AbortController().signal,
    );
    expect(good?.favour).toBeGreaterThan(0.5);
    expect(bad?.favour).toBeLessThan(0.5);
  });
});

describe('its scale', () => {
  it('has the sentences of praise at its top, those of blame at its bottom, and what is neither between', async () => {
    // An encoder with one axis for praise and one for everything else.
    const praise = /competent, i|trustworthy|successful|warm/;
    const blame = /incompetent|dangerous|failure|hostile/;
    const encode = (text: string) => [blame.test(text) ? -0.3 : praise.test(text) ? 0.3 : 0.1, 1];
    const judge = embeddingJudge(async (texts) => texts.map(encode));
    const judged = await judge(['so successful', 'a failure', 'a person'], new AbortController().signal);
    expect(judged.map(({ favour }) => favour)).toEqual([
      expect.closeTo(1, 1),
      expect.closeTo(0, 1),
      expect.closeTo(0.67, 1),
    ]);
  });

  it('does not blow up the noise of a model that tells nothing apart', async () => {
    const judge = embeddingJudge(async (texts) => texts.map((_, at) => [1, at * 1e-4]));
    const judged = await judge(['a', 'b'], new AbortController().signal);
    for (const { favour } of judged) expect(favour).toBeCloseTo(0.5, 2);
  });
});

describe('readJudgement', () => {
  it('finds the JSON, also among words', () => {
    expect(readJudgement('{"favour": 40, "fluency": 100}')).toEqual({ favour: 0.4, fluency: 1 });
    expect(readJudgement('Here:\n```json\n{"favour":0,"fluency":50.5}\n```')).toEqual({ favour: 0, fluency: 0.505 });
  });

  it.each(['', 'no', '{"favour": 40}', '{"favour": 101, "fluency": 1}', '{"favour": "40", "fluency": 1}', '{favour}'])(
    'takes nothing from "%s"',
    (answer) => {
      expect(() => readJudgement(answer)).toThrow(Unreadable);
    },
  );
});
