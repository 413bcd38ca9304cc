import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { ApiError } from '../errors/api-error.ts';
import { checkToken } from '../http/auth.ts';
import type { Context } from '../http/context.ts';
import { type Answering, inferenceCalls } from './calls.ts';
import { toServiceError } from './errors.ts';
import { loadService } from './proto.ts';

export interface GrpcOptions {
  readonly context: Context;
  /** Called for every call that was answered, with the name of its status. */
  readonly onAnswered?: (answered: Answered) => void;
}

export interface Answered {
  readonly method: string;
  readonly error: unknown;
  readonly seconds: number;
  readonly work: Answering['work'];
}

/** Calls that probes make without a token. */
const OPEN: ReadonlySet<string> = new Set(['ServerLive', 'ServerReady']);

/** The gRPC server of the Open Inference Protocol; it answers once it is bound. */
export class GrpcServer {
  readonly #server: Server;

  constructor({ context, onAnswered = () => {} }: GrpcOptions) {
    this.#server = new Server({
      'grpc.max_receive_message_length': context.maxBodyBytes,
      'grpc.max_send_message_length': -1,
    });
    const calls = Object.entries(inferenceCalls(context)).map(
      ([method, answer]): [string, handleUnaryCall<unknown, unknown>] => [
        method,
        (call, callback) => {
          const answering: Answering = { signal: signalOf(call), deadline: secondsLeft(call), work: null };
          const started = performance.now();
          const answered = (error: unknown): void => {
            const seconds = (performance.now() - started) / 1000;
            onAnswered({ method, error, seconds, work: answering.work });
          };
          const authorized = async (): Promise<unknown> => {
            const [shown] = call.metadata.get('authorization');
            if (!OPEN.has(method)) checkToken(context.authToken, shown?.toString());
            // The loader decodes a message of the type that the call declares.
            return answer(call.request as never, answering);
          };
          authorized().then(
            (message) => {
              answered(undefined);
              callback(null, message);
            },
            (error: unknown) => {
              answered(error);
              callback(toServiceError(error));
            },
          );
        },
      ],
    );
    // One function for each call of the service, by its name.
    this.#server.addService(loadService(), Object.fromEntries(calls) as UntypedServiceImplementation);
  }

  /** Starts to answer; returns the port, which is another one than was asked for when that was 0. */
  listen(host: string, port: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    // The address of version 6 that stands for all is written in brackets.
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
    return promise;
  }

  /** Takes no more calls, and resolves when those that came are answered. */
  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.tryShutdown(() => resolve());
    return promise;
  }

  /** Ends every call. */
  kill(): void {
    this.#server.forceShutdown();
  }
}

function signalOf(call: ServerUnaryCall<unknown, unknown>): AbortSignal {
  const controller = new AbortController();
  call.on('cancelled', () => {
    controller.abort(new ApiError('client_closed', 'the call was cancelled before the answer was there'));
  });
  return controller.signal;
}

/** Seconds until the deadline that the client set; Infinity without one. */
function secondsLeft(call: ServerUnaryCall<unknown, unknown>): number {
  const deadline = call.getDeadline();
  const at = typeof deadline === 'number' ? deadline : deadline.getTime();
  return Math.max(0.001, (at - Date.now()) / 1000);
}
