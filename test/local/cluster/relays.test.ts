import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { clusterLayout } from '../../../local/cluster/layout.ts';
import { runningRelays, startRelays } from '../../../local/cluster/relays.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function emptyLayout() {
  const layout = clusterLayout(temporaryFolder('layout'));
  mkdirSync(layout.folder, { recursive: true });
  return layout;
}

describe('relays', () => {
  it('names the port that is taken and the option that chooses another, and records nothing', async () => {
    const other = createServer().listen({ host: '127.0.0.1', port: 0 });
    await once(other, 'listening');
    // Listening on TCP, the server has an address with a port.
    const { port } = other.address() as AddressInfo;
    const layout = emptyLayout();
    const relays = [{ name: 'orchestrator', port, target: '10.0.0.1', targetPort: 80 }];
    try {
      await expect(startRelays(layout, process.pid, relays)).rejects.toThrow(
        `127.0.0.1:${port}: the port of orchestrator is taken by another program. Free it, or choose another: npm start -- --port orchestrator=<port>`,
      );
      expect(existsSync(layout.relayRecord)).toBe(false);
    } finally {
      other.close();
    }
  });

  it('run nowhere before the first start', () => {
    expect(runningRelays(emptyLayout())).toEqual([]);
  });
});
