import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { embeddingText, passagesOf } from '../../../../services/orchestrator/src/documents/passages.ts';
import { splitCode, splitLong } from '../../../../services/orchestrator/src/documents/split.ts';

const GUIDE = `# Harbour manual

Version 3.

## Contents

1. [Cranes](#cranes)
2. [Pumps](#pumps)

## Cranes

### Starting

Before the first lift:

\`\`\`bash
# Check the brakes
crane check --brakes
\`\`\`

- Wait for the green lamp
- Sound the horn

### Stopping

Lower the hook.

## Pumps

## Keys

Every key has a number.

### Spare keys

With the harbour master.
`;

describe('passagesOf', () => {
  const { title, passages } = passagesOf('harbour.md', GUIDE);

  it('takes the title from the first heading, and keeps the path of headings without it', () => {
    expect(title).toBe('Harbour manual');
    expect(passages.map((passage) => passage.heading)).toEqual(['', 'Cranes > Starting', 'Cranes > Stopping', 'Keys']);
  });

  it('leaves out a table of contents and headings without text', () => {
    const text = passages.map((passage) => passage.text).join('\n');
    expect(text).not.toContain('#cranes');
    expect(passages.some((passage) => passage.heading.includes('Pumps'))).toBe(false);
  });

  it('keeps code with what introduces it and what remarks on it', () => {
    expect(passages[1]?.text).toMatch(/Before the first lift:[\s\S]*crane check --brakes[\s\S]*Sound the horn/);
  });

  it('joins a section of a few words to the text that it is part of, never to its neighbour', () => {
    expect(passages[2]).toEqual({ heading: 'Cranes > Stopping', text: 'Lower the hook.' });
    expect(passages[3]?.text).toBe('Every key has a number.\n\nSpare keys: With the harbour master.');
  });

  it('takes a text without any heading, and its id as the title', () => {
    expect(passagesOf('note.txt', 'The key hangs behind the door.')).toEqual({
      title: 'note.txt',
      passages: [{ heading: '', text: 'The key hangs behind the door.' }],
    });
  });

  it('finds nothing in a text of headings, rules and comments only', () => {
    expect(passagesOf('x', '---\na: 1\n---\n# A\n\n## B\n\n---\n<!-- c -->\n').passages).toEqual([]);
  });

  it('never mistakes a comment in code for a heading', () => {
    expect(
      passagesOf('x', '## A\n\n```sh\n# Not a heading\nls\n```\n').passages.map((passage) => passage.heading),
    ).toEqual(['A']);
  });

  it('keeps every word of any text, in passages below the limit', () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/);
    const line = fc.oneof(
      fc.array(word, { minLength: 1, maxLength: 60 }).map((words) => words.join(' ')),
      fc.constantFrom('', '## section', '- item one', '```', '| a | b |', '**label:**'),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        const text = lines.join('\n');
        const found = passagesOf('id', text).passages;
        for (const passage of found) expect(passage.text.length).toBeLessThanOrEqual(900);
        const kept = `${found.map((passage) => `${passage.heading} ${passage.text}`).join(' ')}`;
        for (const plain of text.match(/^[a-z]+( [a-z]+)*$/gm) ?? []) {
          for (const piece of plain.split(' ')) expect(kept).toContain(piece);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('makes passages of five megabytes on one line within a second', () => {
    const started = performance.now();
    const found = passagesOf('big', 'x'.repeat(5 * 1024 * 1024)).passages;
    expect(found.length).toBeGreaterThan(5_000);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('embeddingText', () => {
  it('starts with where the passage stands, and holds no markup', () => {
    const text = embeddingText('Manual', { heading: 'A > B', text: '**Run** `ls`:\n\n```sh\nls -l\n```' });
    expect(text).toBe('Manual > A > B\nRun ls:\n\nls -l');
  });
});

describe('splitLong', () => {
  it('never cuts a character of two code units in half', () => {
    expect(splitLong('🛶'.repeat(50), 33).every((piece) => piece.isWellFormed())).toBe(true);
  });
});

describe('splitCode', () => {
  it('gives every piece a fence of its own', () => {
    const pieces = splitCode(`\`\`\`sh\n${'echo one\n'.repeat(60)}\`\`\``, 200);
    expect(pieces.length).toBeGreaterThan(2);
    for (const piece of pieces) expect(piece).toMatch(/^```sh\n[\s\S]+\n```$/);
  });
});
