import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AppError } from '../../../../services/orchestrator/src/errors/app-error.ts';
import { Backend } from '../../../../services/orchestrator/src/providers/backend.ts';
import type { Noted } from '../../../../services/orchestrator/src/providers/noted.ts';
import { eventually } from '../../../support/processes.ts';
import { FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { provider } from '../support/gateway.ts';

const upstream = new FaultyUpstream();
beforeAll(() => upstream.start());
afterAll(() => upstream.stop());

/** A note that is written when it is told so. */
class Note implements Noted {
  written = false;
  #resolve: () => void = () => undefined;
  readonly #promise = new Promise<void>((resolve) => {
    this.#resolve = resolve;
  });

  whenWritten(): Promise<void> {
    return this.#promise;
  }

  write(): void {
    this.written = true;
    this.#resolve();
  }
}

const request = {
  path: '/chat/completions',
  body: JSON.stringify({ model: 'up-small', messages: [{ role: 'user', content: 'hello' }] }),
  stream: false,
  callerHeaders: undefined,
};

/** What came of a request. */
function send(backend: Backend, after?: Noted) {
  const heard: string[] = [];
  const exchange = backend.send(
    request,
    {
      headers: (status) => void heard.push(String(status)),
      data: () => true,
      end: () => void heard.push('end'),
      fail: (error) => void heard.push(error.code),
    },
    after,
  );
  return { exchange, heard };
}

it('writes no request before what has to be noted of it is written', async () => {
  const backend = new Backend(provider({ upstream }));
  // A connection that is there: nothing else delays the next request.
  const first = send(backend);
  await eventually(() => expect(first.heard).toEqual(['200', 'end']));
  const note = new Note();
  const { heard } = send(backend, note);
  const [before, after] = [send(backend), new Note()];
  await eventually(() => expect(before.heard).toEqual(['200', 'end']));
  expect(upstream.asked).toHaveLength(2);
  expect(heard).toEqual([]);
  note.write();
  await eventually(() => expect(heard).toEqual(['200', 'end']));
  expect(upstream.asked).toHaveLength(3);

  // One that is given up meanwhile is never written.
  const given = send(backend, after);
  const later = send(backend);
  await eventually(() => expect(later.heard).toEqual(['200', 'end']));
  given.exchange.abort(new AppError('client_closed'));
  after.write();
  const last = send(backend);
  await eventually(() => expect(last.heard).toEqual(['200', 'end']));
  expect(given.heard).toEqual(['client_closed']);
  expect(upstream.asked).toHaveLength(5);
  expect(backend.inFlight).toBe(0);
  await backend.close();
});
