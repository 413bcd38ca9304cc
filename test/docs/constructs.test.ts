import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { documented, tablesOf, withTables } from './support/properties.ts';

const docs = path.resolve(import.meta.dirname, '../../docs/constructs');
const all = documented('constructs');
const pages = globSync('**/*.md', { cwd: docs }).filter(
  (name) => tablesOf(readFileSync(path.join(docs, name), 'utf8')).length > 0,
);

describe('the pages of the constructs', () => {
  it.each(pages)('%s says of each property what its source says', (name) => {
    const file = path.join(docs, name);
    // UPDATE_DOCS=1 writes the tables anew; see CONTRIBUTING.md.
    if (process.env.UPDATE_DOCS === '1') writeFileSync(file, withTables(readFileSync(file, 'utf8'), all));
    const page = readFileSync(file, 'utf8');
    expect(page).toBe(withTables(page, all));
  });

  it('tell the properties of every construct, once', () => {
    const told = pages.flatMap((name) => tablesOf(readFileSync(path.join(docs, name), 'utf8')));
    expect([...told].sort()).toEqual([...all.keys()].sort());
  });

  it('leave no property that may be left out without what holds then', () => {
    const silent = [...all.values()].flatMap(({ name, properties }) =>
      properties.filter(({ fallback }) => fallback === '').map((property) => `${name}.${property.name}`),
    );
    expect(silent).toEqual([]);
  });
});
