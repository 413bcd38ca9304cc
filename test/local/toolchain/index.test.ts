import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const local = path.resolve(import.meta.dirname, '../../../local');
const node = path.resolve(import.meta.dirname, '../../../node_modules/.bin/node');
let folder: string;

/** A go command that "builds" a script, and keeps a diary. */
function fakeGo(build = ''): void {
  mkdirSync(path.join(folder, 'bin'), { recursive: true });
  mkdirSync(path.join(folder, 'sdk', 'nodejs', 'dist'), { recursive: true });
  for (const name of ['pulumi-analyzer-policy', 'pulumi-resource-pulumi-nodejs']) {
    writeFileSync(path.join(folder, 'sdk', 'nodejs', 'dist', name), '#!/bin/sh\n');
  }
  const script = `#!/bin/sh
case "$1" in
  env) echo go1.99.0 ;;
  mod) echo "download $(basename "$PWD")" >> ${folder}/diary ;;
  list) echo ${folder}/sdk ;;
  build)
    while [ "$1" != -o ]; do shift; done
    ${build}
    echo "build $(basename "$2")" >> ${folder}/diary
    printf '#!/bin/sh\\necho built\\n' > "$2"; chmod 755 "$2" ;;
esac
`;
  writeFileSync(path.join(folder, 'bin', 'go'), script);
  chmodSync(path.join(folder, 'bin', 'go'), 0o755);
}

function ensure(...names: string[]): ChildProcess {
  const program = `
    import { ensureTools } from ${JSON.stringify(path.join(local, 'toolchain/index.ts'))};
    import { createProgress } from ${JSON.stringify(path.join(local, 'progress.ts'))};
    const tools = await ensureTools(${JSON.stringify(names)}, {
      progress: createProgress(process.stderr),
      onReady: (name) => console.log('ready', name),
    }).catch((error) => { console.log(error.message); process.exit(error.exitCode); });
    await ensureTools(${JSON.stringify(names)}, { progress: createProgress(process.stderr) });
    for (const name of ${JSON.stringify(names)}) console.error('path', name, tools.path(name));
    console.log(tools.binDir);`;
  return spawn(node, ['--input-type=module', '--eval', program], {
    env: { PATH: `${folder}/bin:/usr/bin:/bin`, HOME: folder, KEELSON_CACHE: path.join(folder, 'cache') },
  });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; lines: string[]; progress: string }> {
  let output = '';
  let progress = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    progress += chunk;
  });
  await once(child, 'close');
  return { code: child.exitCode, lines: output.trim().split('\n'), progress };
}

const diary = (kind: string) =>
  existsSync(`${folder}/diary`)
    ? readFileSync(`${folder}/diary`, 'utf8')
        .trim()
        .split('\n')
        .filter((line) => line.startsWith(kind))
    : [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keelson-tools-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('ensureTools', () => {
  it('downloads each module once, builds in the order of need, and gives one folder with all names', async () => {
    fakeGo();
    const { code, lines, progress } = await ended(ensure('pulumi-language-nodejs', 'local-path-provisioner', 'kube'));
    expect(code).toBe(0);
    expect(diary('download').sort()).toEqual(['download kube', 'download pulumi-language-nodejs']);
    expect(diary('build')).toEqual([
      'build keelson-kube',
      'build local-path-provisioner',
      'build pulumi-language-nodejs',
    ]);
    expect(lines.slice(0, 3)).toEqual(['ready kube', 'ready local-path-provisioner', 'ready pulumi-language-nodejs']);
    expect(readdirSync(lines[3] ?? '')).toEqual(
      expect.arrayContaining(['kubectl', 'kubelet', 'etcd', 'local-path-provisioner', 'pulumi-analyzer-policy']),
    );
    expect(readFileSync(path.join(lines[3] ?? '', 'kubectl'), 'utf8')).toContain('built');
    expect(progress).toMatch(/^✓ build kube v\S+ \(\d+ s\)$/m);
  });

  it('finds them again without a build or a download', async () => {
    fakeGo();
    await ended(ensure('pulumi'));
    rmSync(`${folder}/diary`);
    const { lines, progress } = await ended(ensure('pulumi'));
    expect(lines[0]).toBe('ready pulumi');
    expect(progress).toBe(`path pulumi ${lines[1]}/pulumi\n`);
    expect(diary('')).toEqual([]);
  });

  it('keeps Pulumi and its language host in one folder, as its own plugins', async () => {
    fakeGo();
    const { lines, progress } = await ended(ensure('pulumi', 'pulumi-language-nodejs', 'pulumi-resource-kubernetes'));
    const binDir = lines.at(-1) ?? '';
    expect(lstatSync(path.join(binDir, 'pulumi')).isSymbolicLink()).toBe(false);
    expect(existsSync(path.join(binDir, 'pulumi-language-nodejs'))).toBe(true);
    expect(existsSync(path.join(binDir, 'pulumi-resource-kubernetes'))).toBe(false);
    expect(progress).toContain(`path pulumi ${binDir}/pulumi\n`);
    expect(readdirSync(binDir).filter((name) => /\.\d+$/.test(name))).toEqual([]);
  });

  it('builds once when two run at the same time; the other one says what it waits for', async () => {
    // The one that builds goes on when the other has said that it waits.
    const seen = path.join(folder, 'seen');
    fakeGo(`while [ ! -e ${seen} ]; do sleep 0.05; done`);
    const children = [ensure('pulumi'), ensure('pulumi')];
    for (const { stderr } of children)
      stderr?.on('data', (text) => String(text).includes('Waiting: ') && writeFileSync(seen, ''));
    const both = await Promise.all(children.map(ended));
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(diary('build')).toEqual(['build pulumi']);
    const waited = both.filter(({ progress }) => /^Waiting: process \d+ \(.*\) is building the tools$/m.test(progress));
    expect(waited).toHaveLength(1);
  });

  it('leaves nothing half built when it is killed, and goes on the next time', async () => {
    fakeGo(`touch ${folder}/building; printf half > "$2"; sleep 0.5`);
    const killed = ensure('pulumi');
    while (!existsSync(`${folder}/building`)) await delay(20);
    killed.kill('SIGKILL');
    await once(killed, 'close');
    fakeGo();
    const { lines } = await ended(ensure('pulumi'));
    expect(readFileSync(path.join(lines[1] ?? '', 'pulumi'), 'utf8')).toContain('built');
    const store = readdirSync(path.join(folder, 'cache', 'tools', 'store'));
    expect(store).toEqual([expect.stringMatching(/^pulumi-v/)]);
  });

  it('uses an installed tool in the pinned version, with its companions, and builds only the rest', async () => {
    fakeGo();
    const catalogue = readFileSync(path.join(local, 'toolchain/catalogue.ts'), 'utf8');
    const version = /pulumiVersion = '(\S+)'/.exec(catalogue)?.[1];
    for (const name of [
      'pulumi',
      'pulumi-language-nodejs',
      'pulumi-analyzer-policy',
      'pulumi-resource-pulumi-nodejs',
    ]) {
      writeFileSync(path.join(folder, 'bin', name), `#!/bin/sh\necho ${version}\n`);
      chmodSync(path.join(folder, 'bin', name), 0o755);
    }
    const { lines } = await ended(ensure('pulumi', 'pulumi-language-nodejs', 'pulumi-resource-kubernetes'));
    expect(diary('build')).toEqual(['build pulumi-resource-kubernetes']);
    expect(readFileSync(path.join(lines[3] ?? '', 'pulumi'), 'utf8')).toContain(`echo ${version}`);
  });

  it('tells in one line what the compiler said, with the exit code of a failure', async () => {
    fakeGo('echo "main.go:1: undefined: x" >&2; exit 1');
    const { code, lines, progress } = await ended(ensure('pulumi'));
    expect(code).toBe(1);
    expect(lines).toEqual([
      `go build in ${local}/toolchain/pulumi: main.go:1: undefined: x. Run the command again: it goes on where it stopped`,
    ]);
    expect(progress).toMatch(/^✗ build pulumi/m);
  });
});
