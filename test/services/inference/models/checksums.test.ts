import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { verifyChecksums } from '../../../../services/inference/src/models/checksums.ts';
import { startServer, temporaryFolder } from '../support/server.ts';
import { writeTinyModel } from '../support/tiny-model.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('verifyChecksums', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const manifest = (text: string) => writeFile(join(folder.path, 'SHA256SUMS'), text);
  beforeEach(async () => {
    folder = await temporaryFolder();
    await mkdir(join(folder.path, 'sub'));
    await writeFile(join(folder.path, 'a'), 'one');
    await writeFile(join(folder.path, 'sub/b'), 'two');
    await writeFile(join(folder.path, '.hidden'), 'not looked at');
  });
  afterEach(() => folder.remove());

  it('takes a folder that is as its manifest says, in both of the forms of sha256sum', async () => {
    await manifest(`${digest('one')}  a\n${digest('two')} *./sub/b\n`);
    await verifyChecksums(folder.path, true);
  });

  it('takes a folder without a manifest unless one is required', async () => {
    await verifyChecksums(folder.path, false);
    await expect(verifyChecksums(folder.path, true)).rejects.toThrow(/SHA256SUMS is missing, and REQUIRE_CHECKSUMS/);
  });

  it.each([
    ['a file that was changed', `${digest('ONE')}  a\n${digest('two')}  sub/b\n`, /a has the SHA-256 7692c3ad.* says/],
    [
      'a file that is missing',
      `${digest('one')}  a\n${digest('two')}  sub/b\n${digest('')}  c\n`,
      /c is in SHA256SUMS, but/,
    ],
    ['a file that is not listed', `${digest('one')}  a\n`, /sub\/b is not in SHA256SUMS/],
    ['a line that is none', `nonsense\n`, /line 1 is not "<digest> {2}<file>"/],
    ['a file outside', `${digest('one')}  ../a\n`, /line 1 names a file outside/],
  ])('refuses %s', async (_, text, message) => {
    await manifest(text);
    await expect(verifyChecksums(folder.path, false)).rejects.toThrow(message);
  });

  it('keeps a damaged version from being served', async () => {
    const models = join(folder.path, 'models');
    const path = await writeTinyModel(models);
    await writeFile(join(path, 'SHA256SUMS'), `${digest('x')}  config.json\n`);
    const server = await startServer({ models });
    try {
      const { status, body } = await server.get('/health/ready');
      expect(status).toBe(503);
      expect(body.reasons[0]).toMatch(/^tiny\/1: .*is not in SHA256SUMS/);
    } finally {
      await server.close();
    }
  });
});
