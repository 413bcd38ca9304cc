import { describe, expect, it } from '@jest/globals';
import { kube, namespace, pulumi } from './support/platform.ts';

describe("Pulumi's own commands, with the environment of npm run env", () => {
  it('preview finds nothing to change', async () => {
    const { all, exitCode } = await pulumi('preview', '--expect-no-changes', '--policy-pack', 'policies');
    expect(all).toMatch(/\d+ unchanged/);
    expect(exitCode).toBe(0);
  });

  it('refresh finds the cluster as the state says', async () => {
    const { all, exitCode } = await pulumi('refresh', '--yes', '--skip-preview', '--expect-no-changes');
    expect(all).toMatch(/\d+ unchanged/);
    expect(exitCode).toBe(0);
  });

  it('up mends what was changed by hand', async () => {
    await kube(['scale', 'deployment/orchestrator', '-n', namespace, '--replicas=0']);
    expect((await pulumi('refresh', '--yes', '--skip-preview')).exitCode).toBe(0);
    expect((await pulumi('up', '--yes', '--skip-preview')).exitCode).toBe(0);
    expect(
      await kube(['get', 'deployment/orchestrator', '-n', namespace, '-o', 'jsonpath={.status.readyReplicas}']),
    ).toBe('1');
  });
});
