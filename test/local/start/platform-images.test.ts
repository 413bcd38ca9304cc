import { describe, expect, it } from '@jest/globals';
import { recipes } from '../../../local/images/recipes.ts';
import { imagesOf } from '../../../local/start/platform-images.ts';
import { platforms } from '../../../stacks/platforms/index.ts';

describe('the images of a platform on this machine', () => {
  it.each(Object.values(platforms))('can all be built for $name', (platform) => {
    const names = imagesOf(platform);
    expect(names.length).toBeGreaterThan(4);
    expect(recipes.map(({ name }) => name)).toEqual(expect.arrayContaining([...names]));
  });

  it('are those that it needs, and no others', () => {
    expect(imagesOf(platforms['quantum-rerank'])).not.toContain('mcp');
    expect(imagesOf(platforms['three-version'])).toContain('llm-stand-in');
    expect(imagesOf(platforms['multi-agent-rag'])).not.toContain('llm-stand-in');
  });
});
