import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_TIMEOUTS, type ProviderConfig } from '../../../../services/orchestrator/src/providers/config.ts';
import { type ModelConfig, plainModel } from '../../../../services/orchestrator/src/providers/config-models.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import type { Dialect, FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { type TestApp, type TestAppOptions, testApp } from './app.ts';

export interface TestProvider extends Partial<Omit<ProviderConfig, 'models' | 'timeouts'>> {
  readonly upstream: Pick<FaultyUpstream, 'url'>;
  readonly dialect?: Dialect;
  readonly timeouts?: Partial<ProviderConfig['timeouts']>;
  /** What is different from a plain model named `small`, which the provider calls `up-small`. */
  readonly model?: Partial<ModelConfig>;
}

/** A provider of the model `small` with a key of its own. */
export function provider(options: TestProvider): ProviderConfig {
  const { upstream, dialect = 'openai', model, timeouts, ...rest } = options;
  const keyFile = join(temporaryFolder('key'), 'key');
  writeFileSync(keyFile, 'canary-key\n');
  return {
    name: 'local',
    kind: dialect === 'openai' ? 'openai-compatible' : 'anthropic',
    baseUrl: `${upstream.url}/v1`,
    tier: 0,
    models: [{ ...plainModel('small'), upstream: 'up-small', ...model }],
    apiKeyFile: keyFile,
    answerModel: undefined,
    timeouts: { ...DEFAULT_TIMEOUTS, ...timeouts },
    ...rest,
  };
}

export interface TestGateway extends TestApp {
  readonly url: string;
  close(): Promise<void>;
}

/** The app over these providers, listening. */
export async function gatewayOver(
  providers: readonly TestProvider[],
  options: Omit<TestAppOptions, 'providers'> = {},
): Promise<TestGateway> {
  const made = await testApp({ ...options, providers: providers.map(provider) });
  const url = await made.app.listen({ port: 0, host: '127.0.0.1' });
  return { ...made, url, close: () => made.app.close() };
}
