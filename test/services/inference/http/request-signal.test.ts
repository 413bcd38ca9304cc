import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { requestSignal } from '../../../../services/inference/src/http/request-signal.ts';

describe('requestSignal', () => {
  let app: FastifyInstance;
  const signals: AbortSignal[] = [];
  const start = async (timeoutSeconds: number): Promise<number> => {
    app = Fastify();
    app.get('/', async (_request, reply) => {
      const signal = requestSignal(reply, timeoutSeconds);
      signals.push(signal);
      await once(signal, 'abort');
      return signal.reason.code;
    });
    app.get('/quick', async (_request, reply) => {
      signals.push(requestSignal(reply, timeoutSeconds));
      return 'ok';
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    // A server that listens on a port has an address of this form.
    return (app.server.address() as AddressInfo).port;
  };
  afterEach(() => app.close());

  it('aborts when the time is up', async () => {
    const port = await start(0.05);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('request_timeout');
  });

  it('aborts when the client has gone', async () => {
    const port = await start(60);
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    while (signals.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    const signal = signals.at(-1);
    if (signal !== undefined && !signal.aborted) await once(signal, 'abort');
    expect(signal?.reason).toMatchObject({ code: 'client_closed', status: 499 });
  });

  it('does nothing once the answer is there', async () => {
    const port = await start(0.05);
    await (await fetch(`http://127.0.0.1:${port}/quick`)).text();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(signals.at(-1)?.aborted).toBe(false);
  });
});
