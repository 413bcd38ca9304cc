import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lastForwards, runningForwards } from '../../../local/start/forward-record.ts';
import { checkPorts, startForwards, stopForwards } from '../../../local/start/port-forwards.ts';
import { FakePrograms } from './support.ts';

let fake: FakePrograms;
beforeEach(() => {
  fake = new FakePrograms();
  // The last argument is <port>:<port of the service>, as kubectl has it.
  const server =
    'const [port]=process.argv.at(-1).split(":");require("http").createServer((_,r)=>r.end()).listen(+port,"127.0.0.1",()=>console.log("Forwarding from 127.0.0.1:"+port))';
  fake.add('kubectl', `for last; do :; done\nexec '${process.execPath}' -e '${server}' -- "$last"`);
});
afterEach(() => {
  stopForwards(fake.folder);
  fake.remove();
});

const at = () => ({ program: path.join(fake.bin, 'kubectl'), kubeconfig: '/config', context: 'lab' });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Listening on TCP, the server has an address with a port.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const relay = async (name: string) => ({ name, port: await freePort(), target: `${name}.rag`, targetPort: 80 });

describe('port-forwards', () => {
  it('run one for each port, and are kept by the next start', async () => {
    const relays = [await relay('api'), await relay('metrics')];
    await startForwards(at(), fake.folder, relays);
    expect(fake.calls()).toEqual(
      relays.map(
        ({ name, port }) =>
          `kubectl --kubeconfig /config --context lab --namespace rag port-forward --address 127.0.0.1 service/${name} ${port}:80`,
      ),
    );
    expect(runningForwards(fake.folder)).toEqual(relays);
    await checkPorts(fake.folder, relays);
    await startForwards(at(), fake.folder, relays);
    expect(fake.calls()).toEqual([]);
  });

  it('end when they are stopped, and their ports are remembered', async () => {
    const relays = [await relay('api')];
    await startForwards(at(), fake.folder, relays);
    stopForwards(fake.folder);
    while (runningForwards(fake.folder).length > 0) await delay(10);
    expect(lastForwards(fake.folder)).toEqual(relays);
  });

  it('are started anew when they lead to another cluster', async () => {
    const relays = [await relay('api')];
    await startForwards(at(), fake.folder, relays);
    fake.calls();
    await startForwards({ ...at(), context: 'other' }, fake.folder, relays);
    expect(fake.calls()).toEqual([expect.stringContaining('--context other')]);
    expect(runningForwards(fake.folder)).toEqual(relays);
  });

  it('name the port that another program holds', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    // Listening on TCP, the server has an address with a port.
    const { port } = other.address() as AddressInfo;
    await expect(checkPorts(fake.folder, [{ ...(await relay('api')), port }])).rejects.toThrow(
      `127.0.0.1:${port}: the port of api is taken by another program. Free it, or choose another: npm start -- --port api=<port>`,
    );
    other.close();
  });

  it('tell why kubectl gave up', async () => {
    fake.add('kubectl', 'echo "error: services \\"api\\" not found" >&2; exit 1');
    await expect(startForwards(at(), fake.folder, [await relay('api')])).rejects.toThrow(
      'kubectl port-forward service/api.rag: error: services "api" not found. Run the command again',
    );
    expect(runningForwards(fake.folder)).toEqual([]);
  });
});
