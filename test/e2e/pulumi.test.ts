import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { keelson, kube, namespace, pulumi, start } from './support/platform.ts';

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

  it('up brings back what was deleted by hand', async () => {
    await kube(['delete', 'service/prometheus', '-n', namespace]);
    expect((await pulumi('refresh', '--yes', '--skip-preview')).exitCode).toBe(0);
    expect((await pulumi('up', '--yes', '--skip-preview')).exitCode).toBe(0);
    expect(await kube(['get', 'service/prometheus', '-n', namespace, '-o', 'name'])).toBe('service/prometheus');
  });

  it('an image without a version is refused before anything is applied', async () => {
    const image = [
      'get',
      'statefulset/redis',
      '-n',
      namespace,
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    ];
    const before = await kube(image);
    const unpinned = ['config', 'set', '--path', 'keelson:images["redis"]', 'keelson.local/redis:latest'];
    expect((await pulumi(...unpinned)).exitCode).toBe(0);
    const { all, exitCode } = await pulumi('up', '--yes', '--policy-pack', 'policies');
    expect(all).toContain('name a version or a digest');
    expect(exitCode).not.toBe(0);
    expect(await kube(image)).toBe(before);
    // The next start brings the configuration back with the images that were built.
    expect((await start()).all).toMatch(/0 to change/);
  });

  it('destroy removes everything, and the next start brings it back', async () => {
    expect((await pulumi('destroy', '--yes', '--skip-preview')).exitCode).toBe(0);
    expect(await kube(['get', 'namespace', namespace, '--ignore-not-found'])).toBe('');
    expect((await start()).all).toMatch(/\d+ pods ready/);
    // The volumes went with the namespace: the other tests find their documents again.
    expect((await keelson('ingest', path.join(import.meta.dirname, 'documents'))).exitCode).toBe(0);
  });
});
