import type { CommandModule } from './command.ts';

export const command: CommandModule = {
  name: 'stop',
  summary: 'stop the platform',
  configure: () => undefined,
  async run(): Promise<void> {
    throw new Error('not there yet');
  },
};
