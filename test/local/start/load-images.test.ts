import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadBy } from '../../../local/start/load-images.ts';
import { FakePrograms, smallImage } from './support.ts';

let fake: FakePrograms;
beforeEach(() => {
  fake = new FakePrograms();
});
afterEach(() => fake.remove());

const load = async (command: string): Promise<void> =>
  loadBy(command, [await smallImage(fake.folder)], path.join(fake.folder, 'scratch'));

describe('a command that loads images', () => {
  // Some commands take a file only; a socket cannot be opened by that name.
  it.each(['tar -t', 'tar -tf /dev/stdin'])('gets the archive on its standard input: %s', async (program) => {
    const listing = path.join(fake.folder, 'listing');
    await load(`${program} > '${listing}'`);
    const files = readFileSync(listing, 'utf8').trim().split('\n');
    expect(files).toEqual(expect.arrayContaining(['oci-layout', 'index.json']));
    expect(files.filter((file) => file.startsWith('blobs/sha256/'))).toHaveLength(3);
  });

  it('that fails is told of with its own words', async () => {
    await expect(load("cat > /dev/null; echo 'no such node' >&2; exit 3")).rejects.toThrow(
      /^--load-images '.*': it ended with 3: no such node\. Correct the command/,
    );
  });
});
