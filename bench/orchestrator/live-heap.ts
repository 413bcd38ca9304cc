import { eventually } from '../../test/support/processes.ts';

/**
 * What lives in the heap of a process that was started with `--inspect`: after a full collection, so that neither garbage nor
 * what the collector keeps in reserve is counted. Memory of the process goes up and down with both.
 * https://chromedevtools.github.io/devtools-protocol/v8/HeapProfiler/ (2026-11-21)
 */
export class LiveHeap {
  readonly #socket: WebSocket;
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** @param port The one that `--inspect` names. */
  static async open(port: number): Promise<LiveHeap> {
    const [target] = await eventually(async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/json/list`);
      return (await answer.json()) as { readonly webSocketDebuggerUrl: string }[]; // Node's own list of what can be inspected.
    }, 10_000);
    if (!target) throw new Error(`port ${port}: the inspector has nothing to inspect`);
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error(`port ${port}: the inspector refused the connection`)), {
        once: true,
      });
    });
    return new LiveHeap(socket);
  }

  /** In MiB. */
  async measure(): Promise<number> {
    await this.#call('HeapProfiler.collectGarbage');
    const { usedSize } = (await this.#call('Runtime.getHeapUsage')) as { readonly usedSize: number }; // As the protocol says.
    return usedSize / 1024 / 1024;
  }

  close(): void {
    this.#socket.close();
  }

  #call(method: string): Promise<unknown> {
    this.#sent += 1;
    const id = this.#sent;
    return new Promise((resolve) => {
      const onMessage = ({ data }: MessageEvent): void => {
        const message = JSON.parse(String(data)) as { readonly id?: number; readonly result?: unknown };
        if (message.id !== id) return;
        this.#socket.removeEventListener('message', onMessage);
        resolve(message.result);
      };
      this.#socket.addEventListener('message', onMessage);
      this.#socket.send(JSON.stringify({ id, method }));
    });
  }
}
