import type { CommandModule } from './command.ts';

export const command: CommandModule = {
  name: 'start',
  summary: 'start the platform',
  configure: () => undefined,
  async run(): Promise<void> {
    throw new Error('not there yet');
  },
};
