import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { checkName, edits, identifierOf, newFiles } from '../../../local/new/platform-files.ts';

const root = path.resolve(import.meta.dirname, '../../..');

describe('a new platform', () => {
  it('is named so that a namespace and a variable can be', () => {
    expect(identifierOf('my-second-shop')).toBe('mySecondShop');
    expect(() => checkName('recommender', ['qratum'])).not.toThrow();
    for (const name of ['', 'a', 'Shop', 'shop_2', '2shop', 'shop-', 'sh--op', 'x'.repeat(50)]) {
      expect(() => checkName(name, [])).toThrow(/it cannot be the name of a platform\. Use 2 to 40/);
    }
    expect(() => checkName('qratum', ['qratum', 'other'])).toThrow(
      /there is a platform of that name\. Use another name than qratum, other/,
    );
    expect(() => checkName('kube-things', [])).toThrow(/a meaning of its own/);
    expect(() => checkName('index', [])).toThrow(/a meaning of its own/);
  });

  it('has its data, its page and its test', () => {
    expect(newFiles('recommender').map(({ file }) => file)).toEqual([
      'stacks/platforms/recommender.ts',
      'docs/platforms/recommender.md',
      'test/stacks/platforms/recommender.test.ts',
    ]);
  });

  it('is registered in the files as they are now', () => {
    const applied = Object.fromEntries(
      edits('my-shop').map(({ file, apply }) => [file, apply(readFileSync(path.join(root, file), 'utf8'))]),
    );
    const index = applied['stacks/platforms/index.ts'] ?? '';
    expect(index).toContain("import { myShop } from './my-shop.ts';");
    expect(index).toMatch(/export type PlatformName =[^;]*\| 'my-shop';/);
    expect(index).toMatch(/export const platforms[^}]*\n {2}'my-shop': myShop,\n\};/);
    expect(applied['docs/index.md']).toContain('| [my-shop](platforms/my-shop.md) |');
    expect(applied['.github/workflows/preview.yml']).toContain(
      '          - three-version.local\n          - my-shop.local\n    name: ',
    );
  });

  it('says where a file is not what it should be', () => {
    const [first] = edits('my-shop');
    expect(() => first?.apply('')).toThrow(/is not where it should be/);
  });
});
