import { describe, expect, it } from '@jest/globals';
import { Embeddings } from '../../../../services/orchestrator/src/similarity/embeddings.ts';
import { WordEmbedder } from '../support/embedding.ts';

describe('Embeddings', () => {
  it('embeds each text once, and gives vectors in the order of the texts', async () => {
    const embedder = new WordEmbedder();
    const lookups = { hit: 0, miss: 0 };
    const embeddings = new Embeddings({
      embedder,
      onLookup: (result, count) => {
        lookups[result] += count;
      },
    });
    const [first, second, again] = await embeddings.of('a', ['lamp', 'horn', 'lamp']);
    expect(again).toEqual(first);
    expect(second).not.toEqual(first);
    expect(embedder.embedded).toBe(2);
    await embeddings.of('a', ['horn', 'bell']);
    expect(embedder.embedded).toBe(3);
    expect(lookups).toEqual({ hit: 2, miss: 3 });
  });

  it('tells no tenant what another one sent', async () => {
    const embedder = new WordEmbedder();
    const embeddings = new Embeddings({ embedder });
    await embeddings.of('a', ['lamp']);
    await embeddings.of('b', ['lamp']);
    expect(embedder.embedded).toBe(2);
    // Neither by a name that looks like name and text.
    await embeddings.of('al', ['amp']);
    expect(embedder.embedded).toBe(3);
  });

  it('keeps the last ones, and right vectors while it forgets others', async () => {
    const embedder = new WordEmbedder();
    const embeddings = new Embeddings({ embedder, size: 2 });
    await embeddings.of('a', ['one', 'two']);
    const [one, three, four] = await embeddings.of('a', ['one', 'three', 'four']);
    expect([one, three, four].map((vector) => vector?.length)).toEqual([256, 256, 256]);
    embedder.embedded = 0;
    await embeddings.of('a', ['four']);
    expect(embedder.embedded).toBe(0);
    await embeddings.of('a', ['one']);
    expect(embedder.embedded).toBe(1);
  });
});
