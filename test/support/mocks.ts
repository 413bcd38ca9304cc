import { runtime } from '@pulumi/pulumi';
import { getMonitor } from '@pulumi/pulumi/runtime/settings.js';
import { awsState } from './aws-state.ts';

/** A resource as the engine got it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** URNs of the resources that it waits for. */
  readonly dependencies: readonly string[];
  readonly protect: boolean;
  /** URN. */
  readonly parent: string;
  /** URN and id. */
  readonly provider: string;
}

/** Options of {@link mockEngine}. */
export interface MockOptions {
  readonly stack?: string;
  /** Runs as a preview, in which nothing has an id yet. @default false */
  readonly preview?: boolean;
  /** Configuration, key to text. @default - none */
  readonly config?: Readonly<Record<string, string>>;
  /** Keys of the configuration that are secret. @default - none */
  readonly secretKeys?: readonly string[];
}

/** An engine that says yes to everything. Returns the list that fills up with what is registered. */
export async function mockEngine(options: MockOptions = {}): Promise<readonly Registered[]> {
  const registered: Registered[] = [];
  const inputs = new Map<string, Readonly<Record<string, unknown>>>();
  await runtime.setMocks(
    {
      newResource: ({ type, name, inputs: given, id }) => {
        inputs.set(`${type} ${name}`, given);
        return {
          id: options.preview ? undefined : (id ?? `${name}-id`),
          state: type.startsWith('aws:') ? awsState(type, name, given) : given,
        };
      },
      call: () => ({}),
    },
    'keelson',
    options.stack ?? 'multi-agent-rag.local',
    options.preview ?? false,
  );
  runtime.setAllConfig({ ...options.config }, [...(options.secretKeys ?? [])]);
  const monitor: Monitor | undefined = getMonitor() as Monitor | undefined; // the mock monitor, of which the SDK exports no type
  if (monitor === undefined) throw new Error('setMocks did not install its monitor');
  // Mocks see only types and inputs; what a resource waits for stands in the request.
  const original = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    original(request, (error, response) => {
      registered.push({
        type: request.getType(),
        name: request.getName(),
        inputs: inputs.get(`${request.getType()} ${request.getName()}`) ?? {},
        dependencies: request.getDependenciesList(),
        protect: request.getProtect(),
        parent: request.getParent(),
        provider: request.getProvider(),
      });
      callback(error, response);
    });
  };
  return registered;
}

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getDependenciesList(): string[];
  getProtect(): boolean;
  getParent(): string;
  getProvider(): string;
}

interface Monitor {
  registerResource(request: RegisterRequest, callback: (error: unknown, response: unknown) => void): void;
}

/** Until every registration has reached the engine. */
export async function settled(): Promise<void> {
  await runtime.disconnect();
}

/** Whether an input reached the engine marked as a secret. */
export function isSecretInput(value: unknown): boolean {
  // The mark under which the SDK wraps secrets on their way to the engine.
  const mark = '4dabf18193072939515e22adb298388d';
  return typeof value === 'object' && value !== null && (value as Record<string, unknown>)[mark] !== undefined; // checked to be an object
}
