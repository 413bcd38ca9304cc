import path from 'node:path';
import type { Command } from 'commander';
import { exitCodes, Failure } from '../failure.ts';
import { type CommandModule, examples } from './command.ts';

interface SynthOptions {
  readonly out: string;
  readonly registry: string;
}

/** Registry of the team's own images while nobody named one: it does not exist, so nothing is pulled from a stranger. */
export const placeholderRegistry = 'registry.example/keelson';

/** All stacks, or the one that is named. */
async function chosen(stack: string) {
  const [{ platforms }, { environments }] = await Promise.all([
    import('../../stacks/platforms/index.ts'),
    import('../../stacks/environments.ts'),
  ]);
  const all = Object.values(platforms).flatMap((platform) =>
    Object.values(environments).map((environment) => ({
      stack: `${platform.name}.${environment.name}`,
      platform,
      environment,
    })),
  );
  const found = stack === '' ? all : all.filter((each) => each.stack === stack);
  if (found.length > 0) return found;
  throw new Failure({
    path: stack,
    value: 'there is no such stack',
    cure: `Use one of ${all.map((each) => each.stack).join(', ')}, or none for all of them`,
    exitCode: exitCodes.usage,
  });
}

/** A mistake in the data of a platform, in words: a stack trace would lead to where nothing is wrong. */
function mistake(stack: string, error: unknown): unknown {
  const { message, name } = error instanceof Error ? error : { message: '', name: '' };
  if (name !== 'WiringError' && !message.startsWith('Validation failed')) return error;
  return new Failure({
    path: stack,
    value: message.replace(/^Validation failed with the following errors:\s*/, ''),
    cure: 'Correct the platform and run the command again; nothing was written',
    exitCode: exitCodes.failed,
  });
}

export const command: CommandModule<SynthOptions> = {
  name: 'synth',
  summary: 'write the rendered manifests of a stack, one file for each object',
  configure(command: Command) {
    command
      .argument('[stack]', 'stack, named <platform>.<environment>; all of them when left out')
      .option('--out <folder>', 'folder that gets a folder for each stack', 'manifests')
      .option('--registry <prefix>', "registry and prefix of the team's own images", placeholderRegistry)
      .addHelpText(
        'after',
        examples(
          'npm run synth',
          'npm run synth -- qratum.prod --out deploy --registry 123456789012.dkr.ecr.eu-central-1.amazonaws.com/keelson',
        ),
      );
  },
  async run([stack = ''], { out, registry }) {
    const [stacks, { render, secretPlaceholder, toYaml }, { writeFolder }] = await Promise.all([
      chosen(stack),
      import('../synth/render.ts'),
      import('../synth/write.ts'),
    ]);
    // All are rendered before the first is written: a mistake in one leaves no folder half new.
    const rendered = stacks.map(({ stack: name, platform, environment }) => {
      try {
        const files = render({ platform, environment, registry });
        return { name, files: files.map((file) => ({ name: file.name, text: toYaml(file.manifest) })) };
      } catch (error) {
        throw mistake(name, error);
      }
    });
    let placeholders = false;
    for (const { name, files } of rendered) {
      const folder = path.resolve(out, name);
      const { added, changed, removed, unchanged } = writeFolder(folder, files);
      const what = `${added} new, ${changed} changed, ${removed} removed, ${unchanged} as before`;
      process.stdout.write(`${path.join(out, name)}: ${files.length} objects (${what})\n`);
      placeholders ||= files.some(({ name: file, text }) => file.startsWith('secret-') && text.includes('${'));
    }
    if (registry === placeholderRegistry) {
      process.stdout.write(
        `Images of your own are named ${placeholderRegistry}/…: give your registry with --registry\n`,
      );
    }
    if (placeholders) {
      process.stdout.write(
        `Values of secrets are placeholders such as ${secretPlaceholder('redisPassword')}: fill them in where you apply the files\n`,
      );
    }
  },
};
