import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Debian } from './debian.ts';
import type { Python } from './recipe.ts';
import { run } from './run.ts';
import { extract } from './tree.ts';

/**
 * The Python of the images, run on the machine that builds them: so wheels fit the images whatever Python the machine has, and
 * pip sees the machine's own configuration (mirror, proxy, certificates). Its loader and libraries are called by path; nothing
 * is installed.
 */
export async function hostPython(debian: Debian, root: string, scratch: string): Promise<Python> {
  const packages = await debian.resolve([
    'python3.11',
    'python3-pip',
    'python3-wheel',
    'python3-distutils',
    'libexpat1',
    'zlib1g',
  ]);
  await extract(root, await debian.fetch(packages), scratch);
  const libraries = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'].map((path) => join(root, path)).join(':');
  const loader = join(root, 'usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2');
  const python = (module: string, args: readonly string[], cure: string) =>
    run(loader, ['--library-path', libraries, join(root, 'usr/bin/python3.11'), '-m', module, ...args], {
      cure,
      name: `python3.11 -m ${module}`,
      env: {
        PYTHONHOME: join(root, 'usr'),
        PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONNOUSERSITE: '1',
        PYTHONHASHSEED: '0',
        PIP_NO_CACHE_DIR: '1',
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
        PIP_ROOT_USER_ACTION: 'ignore',
      },
    });
  return {
    install: async (requirements, target) => {
      const strict = ['--require-hashes', '--no-deps', '--only-binary=:all:', '--no-compile', '--quiet', '--retries=5'];
      const cure =
        'Can this machine reach its index of Python packages (pip configuration, PIP_INDEX_URL)? Then run the command again';
      await python('pip', ['install', ...strict, '--target', target, '--requirement', requirements], cure);
      // pip's lists of files hold hashes of start scripts, which name the Python of this machine; the scripts are not used.
      const lists = ['-mindepth', '2', '-maxdepth', '2', '-path', '*.dist-info/RECORD'];
      await run('find', [target, ...lists, '-delete'], { cure: 'Is the folder still there?' });
      await rm(join(target, 'bin'), { recursive: true, force: true });
    },
    compile: async (image, folder) => {
      // Times in byte code would make each build a different image; "unchecked" trusts that sources do not change in an image.
      const flags = ['-q', '-j', '2', '--invalidation-mode', 'unchecked-hash', '-s', image, '-p', '/'];
      await python(
        'compileall',
        [...flags, join(image, folder)],
        'A package holds files that are no Python: exclude them',
      );
    },
  };
}
