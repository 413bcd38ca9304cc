import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { end, eventually, freePort } from '../../../support/processes.ts';

const main = join(import.meta.dirname, '../../../../services/orchestrator/src/main.ts');

export interface ClusterOptions {
  readonly redisUrl: string;
  readonly postgres: { readonly url: string; readonly user: string; readonly password: string };
  readonly providers: readonly object[];
  readonly policy: object;
  /** Name of each caller to its token file's content. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** A replica as a process of its own. */
export interface ReplicaProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it logged so far. */
  readonly logs: () => string;
}

/** Replicas as processes, as they run in a cluster: with the same configuration and the same stores. */
export class ReplicaProcesses {
  readonly #dir = mkdtempSync(join(tmpdir(), 'keelson-replicas-'));
  readonly #options: ClusterOptions;
  readonly replicas: ReplicaProcess[] = [];

  constructor(options: ClusterOptions) {
    this.#options = options;
    writeFileSync(join(this.#dir, 'providers.json'), JSON.stringify(options.providers));
    writeFileSync(join(this.#dir, 'policy.json'), JSON.stringify(options.policy));
    this.tokensDir = mkdtempSync(join(this.#dir, 'tokens-'));
    for (const [caller, token] of Object.entries(options.tokens)) writeFileSync(join(this.tokensDir, caller), token);
  }

  readonly tokensDir: string;

  /** Starts some more, and waits until they are ready. */
  async start(count: number): Promise<readonly ReplicaProcess[]> {
    const started = await Promise.all(
      Array.from({ length: count }, async () => {
        const port = await freePort();
        const { redisUrl, postgres, env } = this.#options;
        const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
          env: {
            PATH: process.env.PATH ?? '',
            NODE_ENV: 'production',
            HOST: '127.0.0.1',
            PORT: String(port),
            FEATURES: 'gateway,budgets',
            API_TOKENS_DIR: this.tokensDir,
            PROVIDERS_FILE: join(this.#dir, 'providers.json'),
            POLICY_FILE: join(this.#dir, 'policy.json'),
            REDIS_URL: redisUrl,
            POSTGRES_URL: postgres.url,
            POSTGRES_USER: postgres.user,
            POSTGRES_PASSWORD: postgres.password,
            SHUTDOWN_DELAY_SECONDS: '0',
            ...env,
          },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let text = '';
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
        const replica = { url: `http://127.0.0.1:${port}`, child, logs: () => text };
        this.replicas.push(replica);
        return replica;
      }),
    );
    await eventually(async () => {
      for (const { url, logs, child } of started) {
        if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${logs()}`);
        const answer = await fetch(`${url}/health/ready`);
        if (!answer.ok || !logs().includes('"state":"ready"')) throw new Error(`not ready: ${logs()}`);
      }
    }, 80_000);
    return started;
  }

  /** Ends all of them without warning. */
  async stop(): Promise<void> {
    await Promise.all(this.replicas.splice(0).map(({ child }) => end(child, 'SIGKILL')));
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
