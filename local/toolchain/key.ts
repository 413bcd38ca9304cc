import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { GoTool } from './catalogue.ts';
import { goEnvironment } from './go.ts';

/** Arguments of `go build` besides its output and package. */
export function buildFlags(tool: GoTool): readonly string[] {
  const variables = Object.entries(tool.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  return [
    '-trimpath',
    // Debug information is dropped when linking; not making it in the first place saves time.
    '-gcflags=all=-dwarf=false',
    `-ldflags=${['-s', '-w', ...variables].join(' ')}`,
  ];
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Hash of all that decides what the binary is: sources and pins of the module, flags, environment, Go's own version. */
export function cacheKey(tool: GoTool, folder: string, goVersion: string): string {
  const hash = createHash('sha256');
  const { version, package: main, program, links, files } = tool;
  const facts = {
    version,
    main,
    program,
    links,
    files,
    flags: buildFlags(tool),
    goEnvironment,
    goVersion,
    arch: process.arch,
  };
  hash.update(JSON.stringify(facts));
  for (const file of filesOf(folder)) {
    const content = createHash('sha256')
      .update(readFileSync(path.join(folder, file)))
      .digest('hex');
    hash.update(`\n${file} ${content}`);
  }
  return hash.digest('hex').slice(0, 12);
}
