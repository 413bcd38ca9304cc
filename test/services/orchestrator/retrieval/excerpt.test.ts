import { describe, expect, it } from '@jest/globals';
import { excerpt } from '../../../../services/orchestrator/src/retrieval/excerpt.ts';

const CODE = '```bash\n# Wind the clock\nclock wind --turns 20\n\n# Stop the clock\nclock stop\n```';

describe('excerpt', () => {
  it('quotes the command that answers, with its comment and in its fence', () => {
    expect(excerpt('How do I stop the clock?', CODE)).toBe('```bash\n# Stop the clock\nclock stop\n```');
  });

  it('quotes the sentence that answers', () => {
    const text = 'The bell weighs two tons. It rings at noon. A rope of hemp moves it.';
    expect(excerpt('What does the bell weigh?', text)).toBe('The bell weighs two tons.');
  });

  it('finds a compound by its parts', () => {
    const text = '- `lock out` the pump first\n- The lookout stands on the tower\n- Nothing else';
    expect(excerpt('Where is the look out?', text)).toBe('- The lookout stands on the tower');
  });

  it('shows what introduces a chosen item', () => {
    const text = '**Colours of the flags:**\n\n- Red: danger\n- Green: all clear\n\nAnything else is decoration.';
    expect(excerpt('What does the green flag mean?', text)).toBe('Colours of the flags:\n- Green: all clear');
  });

  it('gives a short passage whole when no part of it stands out', () => {
    expect(excerpt('unrelated words', 'One thing. Another thing.')).toBe('One thing. Another thing.');
  });
});
