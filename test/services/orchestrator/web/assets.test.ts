import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createFeatureSets } from '../../../../services/orchestrator/src/feature-sets.ts';
import { featureSet } from '../../../../services/orchestrator/src/features.ts';
import { readAssets } from '../../../../services/orchestrator/src/web/assets.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { testApp } from '../support/app.ts';
import { WEB } from '../support/feature-app.ts';

describe('readAssets', () => {
  it('reads files with their types, also in folders', () => {
    const dir = temporaryFolder('web');
    mkdirSync(join(dir, 'js'));
    writeFileSync(join(dir, 'index.html'), '<p>');
    writeFileSync(join(dir, 'js', 'a.js'), '1');
    const assets = readAssets(dir);
    expect([...assets].map(([name, { type }]) => [name, type]).sort()).toEqual([
      ['index.html', 'text/html; charset=utf-8'],
      ['js/a.js', 'text/javascript; charset=utf-8'],
    ]);
  });

  it('refuses a file that no page has', () => {
    const dir = temporaryFolder('web');
    writeFileSync(join(dir, 'notes.txt'), '');
    expect(() => readAssets(dir)).toThrow(/notes\.txt is no file of a web page: use \.html/);
  });
});

describe('the page', () => {
  it('needs no token, allows nothing from elsewhere, and is not sent twice', async () => {
    const { app } = await testApp({
      sets: (made) =>
        createFeatureSets({
          ...made,
          features: featureSet(['gateway']),
          pool: undefined,
          embedder: undefined,
          mcp: new Map(),
          writers: undefined,
          objectives: {},
          webDir: WEB,
        }),
    });
    const page = await app.inject('/');
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    // What the policy forbids is not there, and every file that is named is.
    expect(page.body).not.toMatch(/<script>|<style|style=|\son\w+=|https?:/);
    const files = [...page.body.matchAll(/(?:href|src)="(\/web\/[^"]+)"/g)].map((match) => match[1] ?? '');
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) expect([file, (await app.inject(file)).statusCode]).toEqual([file, 200]);
    const again = await app.inject({ url: '/', headers: { 'if-none-match': String(page.headers.etag) } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    for (const path of ['/web/../package.json', '/web/%2e%2e/package.json', '/web/js/none.js']) {
      expect([path, (await app.inject(path)).statusCode]).toEqual([path, 404]);
    }
    await app.close();
  });
});
