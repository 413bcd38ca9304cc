import { describe, expect, it } from '@jest/globals';
import { type Answer, formatAnswer, parseLimit } from '../../../local/commands/ask.ts';

const answer: Answer = {
  answer: 'Run the rollback with the name of the backup.',
  mode: 'extractive',
  grounded: true,
  citations: [
    { document: 'guides/a.md', source: '/guides/a.md', heading: 'Rollback', score: 0.8123 },
    { document: 'guides/b.md', source: null, heading: null, score: 0.5 },
  ],
};

describe('formatAnswer', () => {
  it('shows the answer, then file, section and score of each source', () => {
    expect(formatAnswer(answer).split('\n')).toEqual([
      'Run the rollback with the name of the backup.',
      '',
      'Sources (the answer is quoted from them):',
      '  [1] /guides/a.md, section "Rollback" (score 0.81)',
      '  [2] guides/b.md (score 0.50)',
    ]);
  });

  it('says that nothing covers the question', () => {
    expect(formatAnswer({ answer: 'Nothing found.', mode: 'none', grounded: false, citations: [] })).toBe(
      'Nothing found.',
    );
  });
});

describe('parseLimit', () => {
  it('takes whole numbers in range', () => expect(parseLimit('7')).toBe(7));
  it.each(['0', '51', '1.5', 'x', ''])('refuses %j', (text) =>
    expect(() => parseLimit(text)).toThrow('Use a whole number from 1 to 50.'),
  );
});
