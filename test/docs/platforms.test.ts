import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { environments } from '../../stacks/environments.ts';
import { platforms } from '../../stacks/platforms/index.ts';
import { componentsIn } from '../../stacks/where.ts';
import { generatedParts, partsOf, withGeneratedParts } from './support/platform-page.ts';

const docs = path.resolve(import.meta.dirname, '../../docs');

describe.each(Object.values(platforms))('the page of $name', (platform) => {
  const file = path.join(docs, 'platforms', `${platform.name}.md`);

  it('has every table, as the data in stacks/ has it', () => {
    // UPDATE_DOCS=1 writes the tables anew; see CONTRIBUTING.md.
    if (process.env.UPDATE_DOCS === '1') {
      writeFileSync(file, withGeneratedParts(readFileSync(file, 'utf8'), platform));
    }
    const page = readFileSync(file, 'utf8');
    expect([...partsOf(page)].sort()).toEqual([...generatedParts(platform).keys()].sort());
    expect(page).toBe(withGeneratedParts(page, platform));
  });
});

describe('the picture of the platform', () => {
  it('shows every component that it has on this machine', () => {
    const picture = readFileSync(path.join(docs, 'images', 'platform.svg'), 'utf8');
    const names = componentsIn(platforms['multi-agent-rag'], environments.local).map(({ component }) => component.name);
    expect(names.filter((name) => !picture.includes(`>${name}</text>`))).toEqual([]);
  });
});
