import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeRecipe } from '../recipe.ts';
import { run } from '../run.ts';
import { copy, link, prune, put } from '../tree.ts';

const folder = join(import.meta.dirname, '../mcp');
const site = 'usr/local/lib/python3.11/dist-packages';
const modules = 'usr/local/lib/mcp/node_modules';
const npm = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
const commands = ['mcp-filesystem', 'mcp-git', 'mcp-memory'];

/** The MCP servers for files, Git and memory, each behind a bridge from their standard input to streamable HTTP. */
export const mcp: TreeRecipe = {
  kind: 'tree',
  name: 'mcp',
  version: '0.1.0',
  from: ['base-node', 'base-python'],
  packages: ['git'],
  // Git works on local repositories alone: nothing to fetch with.
  without: ['git-man', 'libcurl3-gnutls', 'liberror-perl'],
  inputs: () => [folder],
  defaults: { entrypoint: [], command: ['mcp-filesystem', '--port', '3001', '--root', '/data'], workingDir: '/data' },
  build: async ({ root, scratch, python }) => {
    for (const name of ['package.json', 'package-lock.json']) await copy(join(folder, name), scratch, name);
    const cure = 'Can this machine reach its npm registry? Then run the command again';
    await run('npm', ['ci', ...npm], { cwd: scratch, cure });
    const types = ['*.map', '*.ts', '*.mts', '*.cts', '*.md'].flatMap((pattern) => ['-o', '-name', pattern]).slice(1);
    await run('find', [join(scratch, 'node_modules'), '-type', 'f', '(', ...types, ')', '-delete'], { cure: '' });
    await mkdir(join(root, modules, '..'), { recursive: true });
    await rename(join(scratch, 'node_modules'), join(root, modules));
    await prune(root, [`${modules}/.package-lock.json`]);

    const { install, compile } = await python();
    await install(join(folder, 'requirements.txt'), join(root, site));
    await prune(root, [
      'usr/share/git-core/templates/hooks',
      'usr/share/perl5',
      'usr/lib/git-core/git-http*',
      'usr/lib/git-core/git-remote-*',
    ]);
    await compile(root, site);

    await put(
      root,
      'etc/gitconfig',
      '[safe]\n\tdirectory = *\n[user]\n\tname = mcp-git\n\temail = mcp-git@localhost\n[init]\n\tdefaultBranch = main\n',
    );
    await copy(join(folder, 'serve.sh'), root, 'usr/local/bin/mcp-serve', 0o755);
    await link(root, Object.fromEntries(commands.map((name) => [`usr/local/bin/${name}`, 'mcp-serve'])));
  },
};
