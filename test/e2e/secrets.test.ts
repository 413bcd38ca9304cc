import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { kube, namespace, paths, pulumi } from './support/platform.ts';

/** Every value of every Secret that the platform deployed. */
async function secretValues(): Promise<readonly string[]> {
  // What the API server sends for a list of Secrets.
  const { items } = JSON.parse(await kube(['get', 'secrets', '-n', namespace, '-o', 'json'])) as {
    items: readonly { data?: Readonly<Record<string, string>> }[];
  };
  return items
    .flatMap(({ data = {} }) => Object.values(data))
    .map((value) => Buffer.from(value, 'base64').toString('utf8').trim());
}

describe('secrets', () => {
  it('lie encrypted in the state and in the configuration', async () => {
    const values = (await secretValues()).filter((value) => value.length >= 16);
    expect(values.length).toBeGreaterThanOrEqual(4);
    const { repository, pulumiBackend } = paths();
    const checkpoint = readFileSync(
      path.join(pulumiBackend, '.pulumi/stacks/keelson/multi-agent-rag.local.json'),
      'utf8',
    );
    const configuration = readFileSync(
      path.join(repository, 'stacks/config/Pulumi.multi-agent-rag.local.yaml'),
      'utf8',
    );
    for (const value of values) {
      for (const form of [value, Buffer.from(value).toString('base64')]) {
        expect(checkpoint.includes(form)).toBe(false);
        expect(configuration.includes(form)).toBe(false);
      }
    }
  });

  it('are not in the outputs unless asked for', async () => {
    const token = readFileSync(paths().apiToken, 'utf8').trim();
    const shown = await pulumi('stack', 'output', '--json');
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toContain('[secret]');
    expect(shown.stdout).not.toContain(token);
    expect((await pulumi('stack', 'output', '--json', '--show-secrets')).stdout).toContain(token);
  });
});
