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
