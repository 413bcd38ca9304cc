import { describe, expect, it } from '@jest/globals';
import { present } from '../../../local/start/loaded-images.ts';

const node = (uid: string, ...names: readonly string[]) => ({
  metadata: { uid },
  status: { images: names.map((name) => ({ names: [name] })) },
});
const loaded = { nodes: ['a', 'b'], references: ['redis:1', 'api:1'] };

describe('images that need no second load', () => {
  it('were loaded, and a node has them', () => {
    expect([...present(loaded, [node('a', 'redis:1', 'api:1', 'other:1'), node('b')])]).toEqual(['redis:1', 'api:1']);
  });

  it('are not those that the nodes have collected', () => {
    expect([...present(loaded, [node('a', 'redis:1'), node('b')])]).toEqual(['redis:1']);
  });

  it('are none when a node has come', () => {
    expect([...present(loaded, [node('a', 'redis:1', 'api:1'), node('c')])]).toEqual([]);
  });

  it('are all that were loaded when a node lists only a part of what it has', () => {
    const full = node('a', ...Array.from({ length: 50 }, (_, index) => `other:${index}`));
    expect([...present(loaded, [full])]).toEqual(['redis:1', 'api:1']);
  });
});
