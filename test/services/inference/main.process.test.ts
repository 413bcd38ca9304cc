import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadService } from '../../../services/inference/src/grpc/proto.ts';
import { temporaryFolder } from './support/server.ts';
import { writeTinyModel } from './support/tiny-model.ts';

const SERVICE = join(import.meta.dirname, '../../../services/inference');
const MAIN = join(SERVICE, 'src/main.ts');

/** The server as a process of its own, on a port that is free. */
class Server {
  readonly process: ChildProcess;
  output = '';

  constructor(env: Record<string, string>, main = MAIN) {
    this.process = spawn(process.execPath, [main], {
      env: { HOST: '127.0.0.1', PORT: '0', GRPC_PORT: '0', THREADS: '1', ...env },
    });
    this.process.stdout?.on('data', (data) => (this.output += data));
    this.process.stderr?.on('data', (data) => (this.output += data));
  }

  async address(): Promise<string> {
    await this.until(/"msg":"ready"|"msg":"not ready"/);
    return /"address":"([^"]+)"/.exec(this.output)?.[1] ?? '';
  }

  grpcAddress(): string {
    return /"address":"([^"]+)","msg":"listening for gRPC"/.exec(this.output)?.[1] ?? '';
  }

  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.output)) {
      if (this.process.exitCode !== null) throw new Error(`ended: ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async ended(): Promise<number | null> {
    if (this.process.exitCode === null) await once(this.process, 'exit');
    return this.process.exitCode;
  }
}

/** Calls ModelInfer; resolves with the rows of the answer. */
function grpcClient(address: string) {
  const method = loadService().ModelInfer;
  if (method === undefined) throw new Error('no ModelInfer');
  const client = new Client(address, credentials.createInsecure());
  const infer = (texts: readonly string[]): Promise<number> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        (value: object) => method.requestSerialize(value),
        // The loader decodes what the call answers with.
        (bytes: Buffer) => method.responseDeserialize(bytes) as { outputs: { shape: number[] }[] },
        {
          model_name: 'tiny',
          inputs: [
            {
              name: 'text',
              datatype: 'BYTES',
              shape: [texts.length],
              contents: { bytes_contents: texts.map((text) => Buffer.from(text)) },
            },
          ],
          outputs: [{ name: 'sentence_embedding' }],
        },
        (error, answer) => (error === null ? resolve(answer?.outputs[0]?.shape[0] ?? 0) : reject(error)),
      );
    });
  return { infer, client };
}

describe('main', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: Server | undefined;
  beforeEach(async () => {
    folder = await temporaryFolder();
    await writeTinyModel(folder.path);
  });
  afterEach(async () => {
    server?.process.kill('SIGKILL');
    await folder.remove();
  });

  it('ends with 78 and every mistake when the environment cannot be used', async () => {
    server = new Server({ PORT: 'http', MAX_QUEUE: '-1' });
    expect(await server.ended()).toBe(78);
    expect(server.output).toMatch(/PORT="http"[\s\S]*MAX_QUEUE="-1"/);
  });

  it('answers every request that came before the end, and ends with 0', async () => {
    server = new Server({ MODEL_DIR: folder.path });
    const address = await server.address();
    const input = Array.from({ length: 300 }, () => 'my private words '.repeat(20));
    const request = () =>
      fetch(`${address}/v1/embeddings`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'tiny', input }),
      });
    const requests = Array.from({ length: 8 }, request);
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.process.kill('SIGTERM');
    await server.until(/"msg":"draining"/);
    expect((await fetch(`${address}/health/ready`)).status).toBe(503);
    const answers = await Promise.all(requests);
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    // Texts that were sent never get into the log.
    expect(server.output).not.toContain('private');
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    expect(await server.ended()).toBe(0);
  });

  it('answers every gRPC call that came before the end, and refuses those after', async () => {
    server = new Server({ MODEL_DIR: folder.path });
    await server.address();
    const { infer, client } = grpcClient(server.grpcAddress());
    const texts = Array.from({ length: 200 }, () => 'word '.repeat(20));
    const calls = Array.from({ length: 8 }, () => infer(texts));
    // The last of them has been taken when one that came after it is answered.
    await infer(['a']);
    server.process.kill('SIGTERM');
    expect(await Promise.all(calls)).toEqual(Array(8).fill(texts.length));
    expect(await server.ended()).toBe(0);
    await expect(infer(['a'])).rejects.toThrow();
    client.close();
  });

  it('runs from the bundle as from the sources, with both protocols', async () => {
    await promisify(execFile)(process.execPath, [join(SERVICE, 'build.mjs')]);
    server = new Server({ MODEL_DIR: folder.path }, join(SERVICE, 'dist/main.js'));
    const address = await server.address();
    expect((await fetch(`${address}/health/ready`)).status).toBe(200);
    const { infer, client } = grpcClient(server.grpcAddress());
    expect(await infer(['a', 'b'])).toBe(2);
    client.close();
  });

  it('ends at once on a second signal', async () => {
    server = new Server({ MODEL_DIR: folder.path });
    await server.address();
    server.process.kill('SIGTERM');
    await server.until(/"msg":"draining"/);
    server.process.kill('SIGTERM');
    expect(await server.ended()).toBe(143);
  });

  it('stays up without a model, and says in the log why it is not ready', async () => {
    server = new Server({ MODEL_DIR: join(folder.path, 'none') });
    const address = await server.address();
    expect((await fetch(`${address}/health/live`)).status).toBe(200);
    expect(server.output).toContain('Check MODEL_DIR');
  });
});
