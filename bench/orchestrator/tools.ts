import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Debian } from '../../local/images/debian.ts';
import { extract } from '../../local/images/tree.ts';

/** How a program is started: the loader first, and the program as its last argument. */
export type Command = readonly [string, ...string[]];

/** What stands on both sides of the gateways. */
export interface Tools {
  /** Sends load. */
  readonly wrk: Command;
  /** Answers as a provider. */
  readonly nginx: Command;
}

const PACKAGES = ['nginx', 'wrk'];

/**
 * nginx and wrk, which take from the processor as little as such programs can: what they take is missing to the gateways. They are Debian's,
 * and extracted into the cache: installing nginx would start a server.
 *
 * @param folder Where they are kept between measurements.
 * @throws Failure where no source of Debian's packages can be reached
 */
export async function tools(folder: string): Promise<Tools> {
  const root = path.join(folder, PACKAGES.join('-'));
  if (!existsSync(root)) {
    await mkdir(folder, { recursive: true });
    const partial = await mkdtemp(`${root}.`);
    try {
      const debian = new Debian(path.join(folder, 'debian'));
      const files = await debian.fetch(await debian.resolve(PACKAGES));
      const tree = path.join(partial, 'root');
      await extract(tree, files, partial);
      await rename(tree, root);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }
  const usr = path.join(root, 'usr');
  // By the loader that came with them: the machine may have another C library.
  const command = (program: string): Command => [
    path.join(usr, 'lib64/ld-linux-x86-64.so.2'),
    '--library-path',
    path.join(usr, 'lib/x86_64-linux-gnu'),
    path.join(usr, program),
  ];
  return { wrk: command('bin/wrk'), nginx: command('sbin/nginx') };
}
