import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { type Descriptor, epoch, type Layout } from './layout.ts';
import type { BuiltImage, DockerfileRecipe } from './recipe.ts';
import { run } from './run.ts';

/**
 * Builds a Dockerfile on a local base with buildah, without network: all that the image gets is in the context.
 *
 * @param workspace folder for buildah's storage, which may be shared by several builds and is needed no longer than they run
 * @param scratch empty folder of this build
 */
export async function buildDockerfile(
  recipe: DockerfileRecipe,
  base: BuiltImage,
  layout: Layout,
  workspace: string,
  scratch: string,
): Promise<{ manifest: Descriptor; layers: readonly Descriptor[] }> {
  const policy = join(scratch, 'policy.json');
  await writeFile(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
  await mkdir(join(scratch, 'tmp'));
  const driver = await storageDriver(workspace);
  const storage = [
    '--root',
    join(workspace, `storage-${driver}`),
    '--runroot',
    join(workspace, 'run'),
    '--storage-driver',
    driver,
  ];
  // The machine's own registries and policy are meant for its own containers.
  const env = { BUILDAH_ISOLATION: 'chroot', CONTAINERS_REGISTRIES_CONF: '/dev/null', TMPDIR: join(scratch, 'tmp') };
  const cure = `See ${recipe.dockerfile}; the same build runs with buildah by hand`;
  const buildah = (args: readonly string[]) => run('buildah', [...storage, ...args], { env, cure });
  const trusted = ['--signature-policy', policy];

  // buildah names an image from a layout after the folder, as it is given: a name of its own, since not every path is a valid
  // reference (one through ~/.cache is not), and since the image built on it would carry that name.
  const pull = ['pull', '--quiet', ...trusted, `oci:${basename(layout.folder)}:${base.reference}`];
  const id = await run('buildah', [...storage, ...pull], { env, cure, cwd: dirname(layout.folder) });
  await buildah(['tag', id.trim(), base.reference]);
  const name = `localhost/${recipe.name}:build`;
  const stable = ['--timestamp', String(epoch), '--identity-label=false', '--format', 'oci'];
  const offline = ['--pull=never', '--network', 'none'];
  const from = ['--build-arg', `BASE_IMAGE=${base.reference}`, '--file', recipe.dockerfile, '--tag', name];
  await buildah(['build', '--quiet', ...trusted, ...stable, ...offline, ...from, recipe.context]);
  // Into a plain folder: into an OCI layout, buildah 1.28 packs the layers in spite of the flag.
  const output = join(scratch, 'output');
  await buildah(['push', '--quiet', ...trusted, '--disable-compression', name, `dir:${output}`]);
  return layout.adopt(output);
}

/** Overlay where the file system of the folder can carry one, else plain copies. */
async function storageDriver(workspace: string): Promise<'overlay' | 'vfs'> {
  const probe = join(workspace, 'probe');
  for (const name of ['lower', 'upper', 'work', 'merged']) await mkdir(join(probe, name), { recursive: true });
  const options = `lowerdir=${probe}/lower,upperdir=${probe}/upper,workdir=${probe}/work`;
  const script = 'mount -t overlay -o "$1" overlay "$2"';
  const { failed } = await execa('unshare', ['--mount', 'sh', '-c', script, 'sh', options, join(probe, 'merged')], {
    reject: false,
  });
  return failed ? 'vfs' : 'overlay';
}
