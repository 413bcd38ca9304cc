import { createProgress } from '../progress.ts';
import { ensureDebianPackages } from './debian.ts';

/** The servers that tests and measurements of the services talk to, as Debian packages: real ones instead of stand-ins. */
export async function ensureServers(): Promise<void> {
  const progress = createProgress();
  try {
    await ensureDebianPackages(['redis-server', 'postgresql-15'], { progress });
  } finally {
    progress.stop();
  }
}
