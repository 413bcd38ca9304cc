import type { PulumiCli } from '../deploy/pulumi.ts';
import { conflictingVariables, prepareEnvironment } from '../environment.ts';
import type { Paths } from '../paths.ts';
import type { Toolchain } from '../toolchain/index.ts';

/** Pulumi on one stack, in the environment that `npm run env` prints. */
export function cliFor(stack: string, paths: Paths, tools: Toolchain): PulumiCli {
  return {
    program: tools.path('pulumi'),
    stack,
    folder: paths.repository,
    env: {
      ...prepareEnvironment(paths, tools.toolPaths),
      ...Object.fromEntries(conflictingVariables.map((name) => [name, undefined])),
    },
  };
}
