import { Command, CommanderError } from 'commander';
import type { CommandModule } from './commands/command.ts';
import { exitCodes, Failure } from './failure.ts';

/** Each command is loaded when it is asked for: `ask` has to answer in a fraction of a second. */
const commands = {
  start: () => import('./commands/start.ts'),
  stop: () => import('./commands/stop.ts'),
  status: () => import('./commands/status.ts'),
  env: () => import('./commands/env.ts'),
  ask: () => import('./commands/ask.ts'),
  ingest: () => import('./commands/ingest.ts'),
  preview: () => import('./commands/preview.ts'),
  synth: () => import('./commands/synth.ts'),
  new: () => import('./commands/new.ts'),

  bench: () => import('./commands/bench.ts'),
  test: () => import('./commands/test.ts'),
} as const;

type CommandName = keyof typeof commands;

const isCommand = (name: string | undefined): name is CommandName =>
  name !== undefined && Object.hasOwn(commands, name);

function add<Options extends object>(program: Command, module: CommandModule<Options>): void {
  const subcommand = program.command(module.name).description(module.summary).allowExcessArguments(false);
  module.configure(subcommand);
  subcommand.action(async () => {
    const args = subcommand.processedArgs.map((value: unknown) => (value === undefined ? '' : String(value)));
    process.exitCode = (await module.run(args, subcommand.opts<Options>())) ?? 0;
  });
}

/** Loads the command that the arguments name; for the list of commands, all of them. */
async function addCommands(program: Command, name: string | undefined): Promise<void> {
  // Each module's options are its own type; commander reads them by the same module's declarations.
  if (isCommand(name)) return add(program, (await commands[name]()).command as CommandModule);
  for (const load of Object.values(commands)) add(program, (await load()).command as CommandModule);
}

function unknownCommand(name: string): Failure {
  return new Failure({
    path: name,
    value: 'there is no such command',
    cure: `Use one of ${Object.keys(commands).join(', ')}`,
    exitCode: exitCodes.usage,
  });
}

/** Tells the person, in one line for each error, and gives the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage; // commander has said why
  if (error instanceof AggregateError) return Math.max(...error.errors.map(report));
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`keelson: ${message}\n`);
  if (process.env.KEELSON_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return error instanceof Failure ? error.exitCode : exitCodes.failed;
}

/** Runs the command line and sets the exit code. */
async function main(args: readonly string[]): Promise<void> {
  const program = new Command('npm run')
    .description('The AI platform on Kubernetes, on this machine')
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ showGlobalOptions: false });
  try {
    if (args[0] !== undefined && /^[a-z]/.test(args[0]) && !isCommand(args[0])) throw unknownCommand(args[0]);
    await addCommands(program, args[0]);
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    // At once: what else is under way, a build of minutes perhaps, serves nothing any more and goes on in the next run.
    process.exit(report(error));
  }
}

// A reader that has seen enough, such as head, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

await main(process.argv.slice(2));
