import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../support/processes.ts';
import { FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { gatewayOver, type TestGateway } from '../support/gateway.ts';

const MIB = 2 ** 20;
const upstream = new FaultyUpstream();
const sockets: Socket[] = [];
let gateway: TestGateway;
beforeAll(() => upstream.start());
afterAll(() => upstream.stop());
beforeEach(async () => {
  upstream.reset();
  upstream.fault = { kind: 'flood', bytes: 100 * MIB };
  gateway = await gatewayOver([{ upstream }]);
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await gateway.close();
});

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
/** Memory of objects and buffers, without what nobody holds any more. */
const held = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** A client of bare TCP, so that nothing reads on its own. */
function askFor(url: string): Socket {
  const body = JSON.stringify({ model: 'small', stream: true, messages: [{ role: 'user', content: 'x' }] });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  sockets.push(socket);
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer token-of-alice\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
  return socket;
}

/** Waits until a number stands still. */
async function still(read: () => number): Promise<number> {
  let before = Number.NaN;
  return eventually(async () => {
    const now = read();
    const same = now === before;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (!same) throw new Error('it still moves');
    return now;
  });
}

describe('a reader that stalls on a stream of 100 MB', () => {
  it('stops the provider, holds no memory, and gets every byte when it goes on', async () => {
    // What is loaded and compiled with the first stream is not the stream's.
    upstream.next.push({ kind: 'flood', bytes: MIB });
    for await (const _ of askFor(gateway.url));
    upstream.written = 0;
    const before = held();
    const socket = askFor(gateway.url);
    await new Promise((resolve) => socket.once('readable', resolve));
    const written = await still(() => upstream.written);
    // What is under way fits the buffers of the sockets.
    expect(written).toBeLessThan(20 * MIB);
    expect(held() - before).toBeLessThan(16 * MIB);
    let read = 0;
    let tail = '';
    let most = 0;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      // No encoding is set, so these are buffers.
      read += chunk.length;
      tail = (tail + chunk.toString('latin1')).slice(-64);
      if (read % (20 * MIB) < chunk.length) most = Math.max(most, held() - before);
    }
    expect(read).toBeGreaterThan(100 * MIB);
    expect(tail).toContain('data: [DONE]\n\n');
    // Buffers that were read a moment ago are among these; what would be kept is the whole.
    expect(most).toBeLessThan(50 * MIB);
  });

  it('does not count as a slow provider', async () => {
    await gateway.close();
    gateway = await gatewayOver([{ upstream, timeouts: { betweenChunks: 100 } }]);
    const socket = askFor(gateway.url);
    await new Promise((resolve) => socket.once('readable', resolve));
    await still(() => upstream.written);
    await still(() => upstream.written);
    await still(() => upstream.written);
    expect((await gateway.metrics.llmRequests.get()).values).toEqual([]);
    socket.destroy();
    await upstream.asked[0]?.gone;
  });
});
